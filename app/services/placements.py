"""What a boot would get."""

from dataclasses import dataclass
from typing import Final

from app.domain.cpu.cpulist import CpuList
from app.domain.errors import HostNotFound
from app.domain.fleet.placement import Placement
from app.domain.paging import PageRequest
from app.domain.planning.advice import Advice, host_advice
from app.domain.planning.composition import BootOrder, compose
from app.domain.planning.eligibility import Move
from app.domain.planning.guest import Guest
from app.domain.planning.plan import Plan
from app.domain.vms.advice import advice_before_a_boot
from app.services.context import Context
from app.services.targets import Targets, page_of_targets

PREVIEWED: Final = 100
"""How many targets a preview names."""


@dataclass(frozen=True, slots=True)
class Preview:
    plan: Plan
    targets: Targets
    advice: tuple[Advice, ...]
    """About the placement, the guest and the host."""


async def preview(
    context: Context, host: str, placement: Placement, guest: Guest, cpus: CpuList | None = None
) -> Preview:
    """What a boot on the host would seal, and where the VM could move to then. Raises what the boot would."""
    async with context.database.reading() as tx:
        fleet = await tx.fleet(context.now())
    plan = compose(fleet, BootOrder(placement, context.reference, guest, host, cpus))
    move = Move(placement, context.reference, plan, host)
    about_host = host_advice(HostNotFound.unless(fleet.host(host), host).profile)
    advice = (*advice_before_a_boot(placement, guest, context.reference), *about_host)
    return Preview(plan, page_of_targets(fleet, move, PageRequest("", PREVIEWED)), advice)
