"""Use cases of hosts, and of what they reported over time."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Final

from app.domain.errors import HostInUse, HostNotFound
from app.domain.fleet.catalogue import HostFilter
from app.domain.fleet.history import PastIdentity, by_identity
from app.domain.fleet.host import Host, HostRecord
from app.domain.fleet.host_patch import HostPatch, patched
from app.domain.fleet.host_report import HostReport
from app.domain.paging import Page, PageRequest
from app.domain.preconditions import Precondition
from app.services.context import Context
from app.storage.database import Transaction

_VMS_NAMED: Final = 10


async def get_host(context: Context, name: str) -> HostRecord:
    async with context.database.reading() as tx:
        return await tx.hosts.get(name)


async def list_hosts(context: Context, wanted: HostFilter, page: PageRequest) -> tuple[Page[HostRecord], int]:
    """A page of the hosts that pass the filter, by name, and the fleet revision they were chosen at."""
    async with context.database.reading() as tx:
        fleet = await tx.fleet(context.now())
        names = [host.name for host in islice(fleet.in_name_order(wanted.select(fleet), page.after), page.limit + 1)]
        cut = Page.cut(names, page.limit, str)
        return Page(tuple(await tx.hosts.named(cut.items)), cut.next_after), fleet.revision


async def host_history(context: Context, name: str) -> tuple[PastIdentity, ...]:
    """Every period of identity that a host of this name had, oldest first; also of one that was deleted."""
    async with context.database.reading() as tx:
        if periods := await tx.hosts.history(name):
            return by_identity(periods)
        raise HostNotFound(name)


async def put_host(
    context: Context,
    host: Host,
    precondition: Precondition,
    reporter: str,
    unread: frozenset[int] = frozenset(),
    *,
    dry_run: bool = False,
) -> tuple[HostRecord, bool]:
    """Create or replace a host; whether it was created. The AIDR of the unread CPU groups is not part of the report."""
    name, report = host.name, HostReport(host, unread)
    async with context.database.writing(dry_run=dry_run) as tx:
        seen = await tx.hosts.find(name)
        precondition.check(name, None if seen is None else seen.tag)
        if beat := await _beat(tx, seen, _reported(report, seen)):
            return beat, False
    async with context.database.writing(dry_run=dry_run) as tx:
        return await _write_host(context, tx, name, partial(_reported, report), precondition, reporter)


def _reported(report: HostReport, present: HostRecord | None) -> Host:
    return report.after(None if present is None else present.host.identity)


async def patch_host(
    context: Context, name: str, patch: HostPatch, precondition: Precondition, reporter: str
) -> HostRecord:
    """Change parts of a host. Raises InvalidInput where what is left would be no host."""
    async with context.database.writing() as tx:
        seen = await tx.hosts.get(name)
        precondition.check(name, seen.tag)
        if beat := await _beat(tx, seen, patched(seen.host, patch)):
            return beat
    async with context.database.writing() as tx:
        record, _ = await _write_host(
            context,
            tx,
            name,
            lambda present: patched(HostNotFound.unless(present, name).host, patch),
            precondition,
            reporter,
        )
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
    become: Callable[[HostRecord | None], Host],
    precondition: Precondition,
    reporter: str,
) -> tuple[HostRecord, bool]:
    await tx.hosts.lock_inventory()
    current = await tx.hosts.lock(name)
    present = None if current is None else current.record
    precondition.check(name, None if present is None else present.tag)
    host = become(present)
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
        current = HostNotFound.unless(await tx.hosts.lock(name), name)
        precondition.check(name, current.record.tag)
        if vms := await tx.vms.on_host(current.key, _VMS_NAMED):
            raise HostInUse(name, vms)
        await tx.hosts.delete(current, await tx.hosts.next_revision(), context.now())
