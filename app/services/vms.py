"""Use cases of VMs: define, read and delete."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from app.domain.errors import VmUnreadable
from app.domain.estate import Estate, Sieve
from app.domain.paging import Page, PageRequest
from app.domain.preconditions import Precondition
from app.domain.vms.advice import AdvisedVm
from app.domain.vms.conditions import Condition
from app.domain.vms.transitions import idle
from app.domain.vms.vm import Vm, VmDefinition, VmRecord, VmState
from app.services.context import Context
from app.storage.database import Transaction
from app.storage.running_kinds import Standing
from app.storage.vms import VmRow

UNREADABLE_TAG: Final = "unreadable"
"""Of a VM that is there and cannot be read: no client was ever given it."""

_READ_AT_ONCE: Final = 2_000
"""VMs read from one statement where not all are wanted: little enough not to hold up everybody else."""


@dataclass(frozen=True, slots=True)
class VmFilter:
    """Conditions on VMs; all must hold."""

    states: frozenset[VmState] = frozenset()
    """Any of these; of every state where empty."""
    host: str | None = None
    conditions: Mapping[Condition, bool] = field(default_factory=dict)
    """Each that must hold, or must not."""


async def get_vm(context: Context, name: str) -> AdvisedVm:
    async with context.database.reading() as tx:
        return AdvisedVm.of(await tx.vms.get(name), context.reference)


async def list_vms(context: Context, wanted: VmFilter, page: PageRequest) -> Page[VmRecord]:
    """A page of VMs by name."""
    rows = await (_sifted_page if wanted.conditions else _plain_page)(context, wanted, page)
    return Page(tuple(row.record for row in rows.items if row.record), rows.next_after)


async def _plain_page(context: Context, wanted: VmFilter, page: PageRequest) -> Page[VmRow]:
    async with context.database.reading() as tx:
        found = await tx.vms.page(page.after, page.limit + 1, wanted.states, wanted.host)
        return Page.cut(found, page.limit, lambda row: row.name)


async def _sifted_page(context: Context, wanted: VmFilter, page: PageRequest) -> Page[VmRow]:
    """No column says whether conditions hold: VMs are looked at, all as of one moment, until there are enough."""
    async with context.database.viewing() as tx:
        sieve = Sieve(Estate(await tx.fleet(context.now()), context.reference), wanted.conditions)
        found: list[str] = []
        after, limit = page.after, page.limit + 1
        while len(found) <= page.limit:
            rows = await tx.kinds.page(after, limit, wanted.states, wanted.host)
            await _learn(tx, sieve, rows)
            found += [row.name for row in rows if sieve.passes(row.host, row.kind)]
            if len(rows) < limit:
                break
            after, limit = rows[-1].name, _READ_AT_ONCE
        names = Page.cut(found, page.limit, str)
        return Page(tuple(await tx.vms.named(names.items)), names.next_after)


async def _learn(tx: Transaction, sieve: Sieve, rows: Iterable[Standing]) -> None:
    examples = {row.kind: row.key for row in rows if row.kind is not None and not sieve.knows(row.kind)}
    await asyncio.to_thread(sieve.learn, (await tx.kinds.read(examples)).items())


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
