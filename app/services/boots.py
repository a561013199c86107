"""Use cases of boots: seal a list, adopt, stop, and read what was sealed."""

from dataclasses import dataclass

from app.domain.cpu.cpulist import CpuList
from app.domain.errors import (
    BootNotFound,
    HostNotFound,
    NoCurrentList,
    VmNotFound,
    VmUnreadable,
)
from app.domain.paging import Page, PageRequest
from app.domain.planning.adoption import Adoption, adopt
from app.domain.planning.checking import check_plan
from app.domain.planning.composition import BootOrder, compose
from app.domain.planning.plan import Plan
from app.domain.preconditions import Precondition
from app.domain.vms.advice import AdvisedVm, SealedBoot
from app.domain.vms.transitions import idle, stopped
from app.domain.vms.vm import Boot, VmRecord
from app.services.context import Context
from app.services.use_cases import use_case
from app.services.vms import UNREADABLE_TAG
from app.storage.current_boots import CurrentBoot
from app.storage.database import Transaction
from app.storage.hosts import LockedHost


@dataclass(frozen=True, slots=True)
class BootRequest:
    """The start of a VM's VMM on a host."""

    vm: str
    host: str
    cpus: CpuList | None = None
    """The CPUs of the host that the VM is pinned to."""

    def order(self, context: Context, vm: VmRecord) -> BootOrder:
        definition = vm.vm.definition
        return BootOrder(definition.placement, context.reference, definition.guest, self.host, self.cpus)


@use_case
async def boot_vm(tx: Transaction, context: Context, boot: BootRequest, precondition: Precondition) -> SealedBoot:
    """Boot a VM on a host: compose its list, have it checked, and seal it."""
    held, current = await _held(tx, boot, precondition)
    order = boot.order(context, current)
    # Judged by the locked row itself: whatever the snapshot holds, this is the host that the VM starts on.
    fleet = (await tx.fleet(context.now())).with_host(held.fleet_host)
    plan = compose(fleet, order)
    check_plan(fleet, order, plan)
    return await _seal(context, tx, current, held, plan, adopted=False)


@use_case
async def adopt_vm(
    tx: Transaction, context: Context, boot: BootRequest, exposed: Adoption, precondition: Precondition
) -> SealedBoot:
    """Take in a VM that already runs: seal exactly what its VMM exposes, right or wrong."""
    held, current = await _held(tx, boot, precondition)
    fleet = await tx.fleet(context.now())
    plan = adopt(held.fleet_host, boot.order(context, current), exposed, fleet.revision)
    return await _seal(context, tx, current, held, plan, adopted=True)


async def _held(tx: Transaction, boot: BootRequest, precondition: Precondition) -> tuple[LockedHost, VmRecord]:
    """The host and the VM, locked in this order; the VM ready to be booted."""
    held = await tx.hosts.hold(boot.host)
    current = await tx.vms.lock(boot.vm)
    if held is None:
        raise HostNotFound(boot.host)
    precondition.check(boot.vm, current.tag)
    idle(current.vm)
    return held, current


async def _seal(
    context: Context, tx: Transaction, current: VmRecord, held: LockedHost, plan: Plan, *, adopted: bool
) -> SealedBoot:
    boot = Boot(
        vm=current.vm.name,
        number=await tx.vms.start(current, held.key),
        plan=plan,
        sealed_at=context.now(),
        adopted=adopted,
    )
    await tx.vms.seal(current, boot)
    return SealedBoot.of(boot, current.vm, held.fleet_host, context.reference)


@use_case
async def stop_vm(tx: Transaction, context: Context, name: str, precondition: Precondition) -> AdvisedVm:
    """The VMM process has ended. Stopping a VM that is not running changes nothing."""
    try:
        current = await tx.vms.lock(name)
    except VmUnreadable:
        precondition.check(name, UNREADABLE_TAG)
        await tx.vms.release(name)
        return AdvisedVm.of(await tx.vms.get(name), context.reference)
    precondition.check(name, current.tag)
    if (vm := stopped(current.vm)) != current.vm:
        current = await tx.vms.write(current, vm)
    return AdvisedVm.of(current, context.reference)


async def current_boot(context: Context, name: str) -> CurrentBoot:
    """Which boot a VM is in: the hot read. Raises VmNotFound, NoCurrentList."""
    boot = await context.database.current_boot(name)
    if boot is None:
        raise VmNotFound(name)
    if boot.number is None:
        raise NoCurrentList(name)
    return boot


async def sealed_boot(context: Context, name: str, boot: CurrentBoot) -> Boot:
    """The boot that `current_boot` named."""
    async with context.database.reading() as tx:
        sealed = await tx.vms.boot_of(boot.vm_key, boot.number or 0)
        if sealed is None:
            raise VmNotFound(name)
        return sealed


async def get_boot(context: Context, name: str, number: int) -> Boot:
    async with context.database.reading() as tx:
        if boot := await tx.vms.boot(name, number):
            return boot
        await tx.vms.get(name)
        raise BootNotFound(name, number)


async def list_boots(context: Context, name: str, page: PageRequest) -> Page[Boot]:
    """The boots of a VM, oldest first."""
    async with context.database.reading() as tx:
        current = await tx.vms.get(name)
        rows = await tx.vms.boots_of(current.key, int(page.after or 0), page.limit + 1)
        cut = Page.cut(rows, page.limit, lambda row: str(row.number))
        return Page(tuple(row.boot for row in cut.items if row.boot), cut.next_after)
