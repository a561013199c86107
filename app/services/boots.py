"""Use cases of boots: seal a list, adopt, stop, and read what was sealed."""

from dataclasses import dataclass, replace

from app.domain.answer import Answer
from app.domain.cpu.cpulist import CpuList
from app.domain.errors import (
    BootNotFound,
    HostNotFound,
    NoCurrentList,
    VmMigrating,
    VmNotFound,
)
from app.domain.paging import Page, PageRequest
from app.domain.planning.adoption import Adoption, adopt
from app.domain.planning.checking import check_plan
from app.domain.planning.composition import BootOrder, compose
from app.domain.planning.plan import Plan
from app.domain.preconditions import Precondition
from app.domain.vms.vm import Boot, VmRecord
from app.services.context import Context
from app.services.idempotency import Attempt, once
from app.services.vms import found, require_stopped
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


async def boot_vm(context: Context, boot: BootRequest, precondition: Precondition, attempt: Attempt[Boot]) -> Answer:
    """Boot a VM on a host: compose its list, have it checked, and seal it."""

    async def work(tx: Transaction) -> Boot:
        held, current = await _held(tx, boot, precondition)
        order = boot.order(context, current)
        # Judged by the locked row itself: whatever the snapshot holds, this is the host that the VM starts on.
        fleet = (await tx.fleet(context.now())).with_host(held.fleet_host)
        plan = compose(fleet, order)
        check_plan(fleet, order, plan)
        return await _seal(context, tx, current, held, plan, adopted=False)

    return await once(context, attempt, work)


async def adopt_vm(
    context: Context, boot: BootRequest, exposed: Adoption, precondition: Precondition, attempt: Attempt[Boot]
) -> Answer:
    """Take in a VM that already runs: seal exactly what its VMM exposes, right or wrong."""

    async def work(tx: Transaction) -> Boot:
        held, current = await _held(tx, boot, precondition)
        fleet = await tx.fleet(context.now())
        plan = adopt(held.fleet_host, boot.order(context, current), exposed, fleet.revision)
        return await _seal(context, tx, current, held, plan, adopted=True)

    return await once(context, attempt, work)


async def _held(tx: Transaction, boot: BootRequest, precondition: Precondition) -> tuple[LockedHost, VmRecord]:
    """The host and the VM, locked in this order; the VM ready to be booted."""
    held = await tx.hosts.hold(boot.host)
    current = found(await tx.vms.lock(boot.vm), boot.vm)
    if held is None:
        raise HostNotFound(boot.host)
    precondition.check(boot.vm, current.tag)
    require_stopped(current)
    return held, current


async def _seal(
    context: Context, tx: Transaction, current: VmRecord, held: LockedHost, plan: Plan, *, adopted: bool
) -> Boot:
    boot = Boot(current.vm.name, await tx.vms.start(current, held.key), plan, context.now(), adopted)
    await tx.vms.seal(current, boot)
    return boot


async def stop_vm(context: Context, name: str, precondition: Precondition, attempt: Attempt[VmRecord]) -> Answer:
    """The VMM process has ended. Stopping a VM that is not running changes nothing."""

    async def work(tx: Transaction) -> VmRecord:
        current = found(await tx.vms.lock(name), name)
        precondition.check(name, current.tag)
        if current.vm.migration:
            raise VmMigrating(name, current.vm.migration)
        if current.vm.boot is None:
            return current
        await tx.vms.stop(current)
        stopped = replace(current.vm, boot=None, host=None, exposed=False)
        return replace(current, vm=stopped, version=current.version + 1)

    return await once(context, attempt, work)


async def current_boot(context: Context, name: str) -> CurrentBoot:
    """Which boot a VM is in: the hot read. Raises VmNotFound, NoCurrentList."""
    boot = await context.database.boots.of(name)
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
        found(await tx.vms.find(name), name)
        raise BootNotFound(name, number)


async def list_boots(context: Context, name: str, page: PageRequest) -> Page[Boot]:
    """The boots of a VM, oldest first."""
    async with context.database.reading() as tx:
        current = found(await tx.vms.find(name), name)
        boots = await tx.vms.boots_of(current.key, int(page.after or 0), page.limit + 1)
        return Page.cut(boots, page.limit, lambda boot: str(boot.number))
