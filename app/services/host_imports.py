"""The use case of imports: many hosts at once, all or nothing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from app.domain.answer import Answer
from app.domain.errors import InputFault, InvalidImport
from app.domain.fleet.host import LinedHost
from app.services.context import Context
from app.services.idempotency import KEPT, Attempt, keep_refusal
from app.storage.database import Transaction
from app.storage.host_imports import Import

FAULTS_NAMED: Final = 100_000
"""How many faulty lines of an import are named; all are counted."""


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
