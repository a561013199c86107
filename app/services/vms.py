"""Use cases of VMs: define, read and delete."""

from dataclasses import dataclass
from typing import Final

from app.domain.errors import (
    VmMigrating,
    VmNotFound,
    VmRunning,
    VmUnreadable,
)
from app.domain.paging import Page, PageRequest
from app.domain.preconditions import Precondition
from app.domain.vms.vm import VmDefinition, VmRecord, VmState
from app.services.context import Context
from app.storage.database import Transaction

_NO_TAG: Final = "unreadable"
"""Of a VM that is there and cannot be read: no client was ever given it."""


_HOSTS_ASKED: Final = 1_000
"""Hosts that one statement names; PostgreSQL takes 32,767 parameters."""


@dataclass(frozen=True, slots=True)
class VmFilter:
    """Conditions on VMs; all must hold."""

    states: frozenset[VmState] = frozenset()
    """Any of these; of every state where empty."""
    host: str | None = None
    exposed: bool | None = None


async def get_vm(context: Context, name: str) -> VmRecord:
    async with context.database.reading() as tx:
        return found(await tx.vms.find(name), name)


async def list_vms(context: Context, wanted: VmFilter, page: PageRequest) -> Page[VmRecord]:
    """A page of VMs by name."""
    async with context.database.reading() as tx:
        hosts = await _hosts_with_exposed(tx) if wanted.exposed else None
        found: list[VmRecord] = []
        after, more = page.after, True
        while more and len(found) <= page.limit:
            # Exposure is no column, so the page is filled with what passes of several reads.
            rows = await tx.vms.page(after, page.limit + 1, wanted.states, wanted.host, hosts)
            found += [each for _, each in rows if each and wanted.exposed in (None, each.vm.exposed)]
            more = len(rows) > page.limit
            after = rows[-1].name if rows else after
        return Page.cut(found, page.limit, lambda record: record.vm.name)


async def _hosts_with_exposed(tx: Transaction) -> frozenset[str] | None:
    """The hosts to look on; None, for all, where they are so many that looking everywhere is no loss."""
    hosts = frozenset(group.host for group in (await tx.vms.census()).groups if group.exposed)
    return hosts if len(hosts) <= _HOSTS_ASKED else None


async def put_vm(
    context: Context, name: str, definition: VmDefinition, precondition: Precondition
) -> tuple[VmRecord, bool]:
    """Define a VM, or change its definition; whether it is new. A sealed list is never touched by it."""
    async with context.database.writing() as tx:
        created = False
        while not created:
            try:
                current = await tx.vms.lock(name)
            except VmUnreadable:
                precondition.check(name, _NO_TAG)
                await tx.vms.overwrite(name, definition)
                break
            precondition.check(name, None if current is None else current.tag)
            if current is not None:
                await tx.vms.redefine(current, definition)
                break
            # Not created: somebody else has, since it was not found. Perhaps it is gone again.
            created = await tx.vms.create(name, definition)
        return found(await tx.vms.find(name), name), created


async def delete_vm(context: Context, name: str, precondition: Precondition) -> None:
    async with context.database.writing() as tx:
        current = found(await tx.vms.lock(name), name)
        precondition.check(name, current.tag)
        require_stopped(current)
        await tx.vms.delete(current)


def found(record: VmRecord | None, name: str) -> VmRecord:
    if record is None:
        raise VmNotFound(name)
    return record


def require_stopped(record: VmRecord) -> None:
    if record.vm.migration:
        raise VmMigrating(record.vm.name, record.vm.migration)
    if record.vm.boot:
        raise VmRunning(record.vm.name)
