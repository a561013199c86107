"""Use cases of the inventory: hosts, what they reported over time, and what the fleet is made of."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Protocol, TypeVar

from app.domain.answer import Answer
from app.domain.catalogue import FleetImplementation, HostFilter, implementations
from app.domain.errors import HostInUse, HostNotFound, InputFault, InvalidImport
from app.domain.host import Host, HostRecord, IdentityPeriod, LinedHost
from app.domain.paging import Page, PageRequest
from app.domain.preconditions import Precondition
from app.services.context import Context
from app.services.once import KEPT, Attempt, keep_refusal
from app.storage.database import Transaction
from app.storage.imports import Import

FAULTS_NAMED: Final = 100_000
"""How many faulty lines of an import are named; all are counted."""
_VMS_NAMED: Final = 10


Edit = Callable[[Host], Host]
"""What a host is to become, from what it is."""


class HostLines(Protocol):
    """Hosts as they arrive, in batches; faulty lines are collected on the side, and the rest still read."""

    faults: list[InputFault]
    fault_count: int

    def __aiter__(self) -> AsyncIterator[Sequence[LinedHost]]: ...

    def fingerprint(self) -> bytes:
        """Digest of the request, known once everything has been read."""


@dataclass(frozen=True, slots=True)
class Imported:
    created: int
    updated: int
    unchanged: int
    fleet_revision: int
    dry_run: bool


async def get_host(context: Context, name: str) -> HostRecord:
    async with context.database.reading() as tx:
        return _there(await tx.hosts.find(name), name)


async def list_hosts(context: Context, wanted: HostFilter, page: PageRequest) -> tuple[Page[HostRecord], int]:
    """A page of the hosts that pass the filter, by name, and the fleet revision they were chosen at."""
    async with context.database.reading() as tx:
        fleet = await tx.fleet(context.now())
        names = [host.name for host in islice(fleet.in_name_order(wanted.select(fleet), page.after), page.limit + 1)]
        cut = Page.cut(names, page.limit, str)
        return Page(tuple(await tx.hosts.named(cut.items)), cut.next_after), fleet.revision


async def host_history(context: Context, name: str) -> list[IdentityPeriod]:
    """Every period of identity that a host of this name had, oldest first; also of one that was deleted."""
    async with context.database.reading() as tx:
        if periods := await tx.hosts.history(name):
            return periods
        raise HostNotFound(name)


async def list_implementations(context: Context, page: PageRequest) -> tuple[Page[FleetImplementation], int]:
    """A page of the fleet's implementations by their registers, and the fleet revision."""
    async with context.database.reading() as tx:
        fleet = await tx.fleet(context.now())
    found = [each for each in implementations(fleet) if each.key > page.after][: page.limit + 1]
    return Page.cut(found, page.limit, lambda each: each.key), fleet.revision


async def put_host(context: Context, host: Host, precondition: Precondition, reporter: str) -> tuple[HostRecord, bool]:
    """Create or replace a host; whether it was created."""
    async with context.database.writing() as tx:
        seen = await tx.hosts.find(host.name)
        precondition.check(host.name, None if seen is None else seen.tag)
        if beat := await _beat(tx, seen, host):
            return beat, False
    async with context.database.writing() as tx:
        return await _write_host(context, tx, host.name, lambda _: host, precondition, reporter)


async def edit_host(context: Context, name: str, edit: Edit, precondition: Precondition, reporter: str) -> HostRecord:
    """Replace a host by what an edit makes of it."""
    async with context.database.writing() as tx:
        seen = _there(await tx.hosts.find(name), name)
        precondition.check(name, seen.tag)
        if beat := await _beat(tx, seen, edit(seen.host)):
            return beat
    async with context.database.writing() as tx:
        record, _ = await _write_host(context, tx, name, lambda host: edit(_there(host, name)), precondition, reporter)
        return record


async def _beat(tx: Transaction, seen: HostRecord | None, host: Host) -> HostRecord | None:
    """Take the report as a heartbeat if it is one. Heartbeats are many: they change no revision, and wait for no turn.

    One that comes too late still holds its host until its transaction ends, so it must not take its turn in the same.
    """
    if seen is None or replace(seen.host, observed_at=host.observed_at) != host:
        return None
    return await tx.hosts.beat(seen, host.observed_at)


async def _write_host(
    context: Context,
    tx: Transaction,
    name: str,
    edit: Callable[[Host | None], Host],
    precondition: Precondition,
    reporter: str,
) -> tuple[HostRecord, bool]:
    await tx.hosts.lock_inventory()
    current = await tx.hosts.lock(name)
    present = None if current is None else current.record
    precondition.check(name, None if present is None else present.tag)
    host = edit(None if present is None else present.host)
    now = context.now()
    if current is None:
        return await tx.hosts.create(host, await tx.hosts.next_revision(), now, reporter), True
    if beat := await _beat(tx, current.record, host):
        return beat, False
    return await tx.hosts.replace(current, host, await tx.hosts.next_revision(), now, reporter), False


async def delete_host(context: Context, name: str, precondition: Precondition) -> None:
    """Take a host out of the inventory. Raises HostInUse while a VM runs on it or migrates to it."""
    async with context.database.writing() as tx:
        await tx.hosts.lock_inventory()
        current = await tx.hosts.lock(name)
        if current is None:
            raise HostNotFound(name)
        precondition.check(name, current.record.tag)
        if vms := await tx.vms.on_host(current.key, _VMS_NAMED):
            raise HostInUse(name, vms)
        await tx.hosts.delete(current, await tx.hosts.next_revision(), context.now())


async def import_hosts(
    context: Context, lines: HostLines, reporter: str, attempt: Attempt[Imported], *, dry_run: bool
) -> Answer:
    """Create and replace many hosts, all or nothing.

    The hosts are staged while they arrive, with nothing locked; the inventory is locked for the merge alone.
    Raises InvalidImport with every faulty line.
    """
    try:
        async with context.database.importing(dry_run=dry_run) as (tx, incoming):
            await _stage(lines, incoming)
            answered = replace(attempt, fingerprint=lines.fingerprint())
            if earlier := await _claim(context, tx, answered):
                return earlier
            imported = await _merge(context, tx, incoming, reporter, dry_run=dry_run)
            answer = attempt.render(imported)
            if attempt.key is not None:
                await tx.answers.keep(attempt.key, answer)
            return answer
    except InvalidImport as refusal:
        return await keep_refusal(context, replace(attempt, fingerprint=lines.fingerprint()), refusal)


async def _claim(context: Context, tx: Transaction, attempt: Attempt[Imported]) -> Answer | None:
    if attempt.key is None:
        return None
    now = context.now()
    return await tx.answers.claim(attempt.key, attempt.fingerprint, now, now - KEPT)


async def _stage(lines: HostLines, incoming: Import) -> None:
    await _pipe(lines, incoming)
    duplicates, duplicate_count = await incoming.duplicates(FAULTS_NAMED)
    faults = lines.faults + [
        InputFault(f"/{line}/name", f"{name!r} stands in line {first} already") for line, name, first in duplicates
    ]
    if faults:
        faults.sort(key=lambda fault: int(fault.pointer.split("/")[1]))
        raise InvalidImport(faults[:FAULTS_NAMED], lines.fault_count + duplicate_count)


async def _pipe(lines: HostLines, incoming: Import) -> None:
    """Stage each batch while the next one is read: the database works on one while this process parses the other."""
    staging: asyncio.Task[None] | None = None
    try:
        async for batch in lines:
            if staging is not None:
                await staging
            staging = asyncio.create_task(incoming.stage(batch))
    finally:
        if staging is not None:
            await staging


async def _merge(context: Context, tx: Transaction, incoming: Import, reporter: str, *, dry_run: bool) -> Imported:
    revision = await tx.hosts.lock_inventory()
    tally = await incoming.tally()
    if tally.unchanged and await incoming.distrust():
        tally = await incoming.tally()
    if not dry_run:
        if tally.created or tally.updated:
            revision = await tx.hosts.next_revision()
            if tally.updated:
                await incoming.await_turns()
            await incoming.merge(tally, revision, context.now(), reporter)
        if tally.unchanged:
            await incoming.beat()
    return Imported(tally.created, tally.updated, tally.unchanged, revision, dry_run)


T = TypeVar("T")


def _there(host: T | None, name: str) -> T:
    if host is None:
        raise HostNotFound(name)
    return host
