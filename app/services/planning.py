"""Use cases that only ask: targets, verdicts, rejections, and what a boot would get."""

from dataclasses import dataclass
from itertools import islice
from typing import Final

from app.domain.composition import BootOrder, compose
from app.domain.cpulist import CpuList
from app.domain.eligibility import MOVE_RULES, Move, Rejection, reasons, refused, rejections, targets
from app.domain.errors import HostNotFound
from app.domain.fleet import Fleet, FleetHost
from app.domain.paging import Page, PageRequest
from app.domain.placement import Placement
from app.domain.plan import Plan
from app.domain.reasons import Reason
from app.domain.vm import Guest
from app.services.context import Context
from app.services.migrations import running
from app.services.vms import found
from app.storage.database import Transaction

PREVIEWED: Final = 100
"""How many targets a preview names."""


@dataclass(frozen=True, slots=True)
class Targets:
    fleet_revision: int
    accepted_hazards: tuple[str, ...]
    """Tables that weaken the guest on its list, by consent; so in every answer about the VM."""
    total: int
    hosts: int
    """All hosts of the fleet."""
    page: Page[FleetHost]


@dataclass(frozen=True, slots=True)
class Verdict:
    fleet_revision: int
    accepted_hazards: tuple[str, ...]
    host: str
    reasons: tuple[Reason, ...]
    """All that speaks against the host; none means that it is a target."""


@dataclass(frozen=True, slots=True)
class Rejections:
    fleet_revision: int
    accepted_hazards: tuple[str, ...]
    total: int
    """Rejected hosts, each counted once."""
    items: tuple[Rejection, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    plan: Plan
    targets: Targets


async def list_targets(context: Context, vm: str, page: PageRequest) -> Targets:
    async with context.database.reading() as tx:
        move, fleet = await _asked(context, tx, vm)
        return _targets(fleet, move, page)


async def judge_target(context: Context, vm: str, host: str) -> Verdict:
    async with context.database.reading() as tx:
        move, fleet = await _asked(context, tx, vm)
        candidate = fleet.host(host)
        if candidate is None:
            raise HostNotFound(host)
        return Verdict(fleet.revision, move.plan.accepted_hazards, host, reasons(fleet, candidate, move, MOVE_RULES))


async def count_rejections(context: Context, vm: str) -> Rejections:
    async with context.database.reading() as tx:
        move, fleet = await _asked(context, tx, vm)
        return Rejections(
            fleet.revision,
            move.plan.accepted_hazards,
            len(refused(fleet, move, MOVE_RULES)),
            tuple(rejections(fleet, move)),
        )


async def preview(
    context: Context, host: str, placement: Placement, guest: Guest, cpus: CpuList | None = None
) -> Preview:
    """What a boot on the host would seal, and where the VM could move to then. Raises what the boot would."""
    async with context.database.reading() as tx:
        fleet = await tx.fleet(context.now())
    plan = compose(fleet, BootOrder(placement, context.reference, guest, host, cpus))
    move = Move(placement, context.reference, plan, host)
    return Preview(plan, _targets(fleet, move, PageRequest("", PREVIEWED)))


async def _asked(context: Context, tx: Transaction, vm: str) -> tuple[Move, Fleet]:
    asked = running(found(await tx.vms.find(vm), vm))
    fleet = await tx.fleet(context.now())
    return Move(asked.vm.definition.placement, context.reference, asked.boot.plan, asked.host), fleet


def _targets(fleet: Fleet, move: Move, page: PageRequest) -> Targets:
    hosts = targets(fleet, move)
    items = list(islice(fleet.in_name_order(hosts, page.after), page.limit + 1))
    return Targets(
        fleet.revision,
        move.plan.accepted_hazards,
        len(hosts),
        len(fleet),
        Page.cut(items, page.limit, lambda host: host.name),
    )
