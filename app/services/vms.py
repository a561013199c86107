"""Use cases of VMs: define, read and delete."""

from dataclasses import dataclass, replace
from typing import Final

from app.domain.errors import VmUnreadable
from app.domain.paging import Page, PageRequest
from app.domain.preconditions import Precondition
from app.domain.vms.advice import AdvisedVm
from app.domain.vms.transitions import idle
from app.domain.vms.vm import Vm, VmDefinition, VmRecord, VmState
from app.services.context import Context
from app.storage.database import Transaction

UNREADABLE_TAG: Final = "unreadable"
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


async def get_vm(context: Context, name: str) -> AdvisedVm:
    async with context.database.reading() as tx:
        return AdvisedVm.of(await tx.vms.get(name), context.reference)


async def list_vms(context: Context, wanted: VmFilter, page: PageRequest) -> Page[AdvisedVm]:
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
    cut = Page.cut(found, page.limit, lambda record: record.vm.name)
    return Page(tuple(AdvisedVm.of(each, context.reference) for each in cut.items), cut.next_after)


async def _hosts_with_exposed(tx: Transaction) -> frozenset[str] | None:
    """The hosts to look on; None, for all, where they are so many that looking everywhere is no loss."""
    hosts = frozenset(group.host for group in (await tx.vms.census()).groups if group.exposed)
    return hosts if len(hosts) <= _HOSTS_ASKED else None


async def put_vm(
    context: Context, name: str, definition: VmDefinition, precondition: Precondition
) -> tuple[AdvisedVm, bool]:
    """Define a VM, or change its definition; whether it is new. A sealed list is never touched by it."""
    async with context.database.writing() as tx:
        created = False
        while not created:
            try:
                current = await tx.vms.find_locked(name)
            except VmUnreadable:
                precondition.check(name, UNREADABLE_TAG)
                await tx.vms.overwrite(name, definition)
                break
            precondition.check(name, None if current is None else current.tag)
            if current is not None:
                await tx.vms.redefine(current, definition)
                break
            # Not created: somebody else has, since it was not found. Perhaps it is gone again.
            created = await tx.vms.create(name, definition)
        return AdvisedVm.of(await tx.vms.get(name), context.reference), created


async def rehearse_vm(
    context: Context, name: str, definition: VmDefinition, precondition: Precondition
) -> tuple[AdvisedVm, bool]:
    """What `put_vm` would answer now. Writes nothing."""
    async with context.database.reading() as tx:
        current = await tx.vms.find(name)
        precondition.check(name, None if current is None else current.tag)
        present = current or VmRecord(Vm(name, definition), key=0, version=0)
        record = replace(present, vm=replace(present.vm, definition=definition))
        return AdvisedVm.of(record, context.reference), current is None


async def delete_vm(context: Context, name: str, precondition: Precondition) -> None:
    async with context.database.writing() as tx:
        current = await tx.vms.lock(name)
        precondition.check(name, current.tag)
        idle(current.vm)
        await tx.vms.delete(current)
