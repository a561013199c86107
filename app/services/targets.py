"""Use cases that ask where a VM may go: targets, verdicts, rejections."""

from dataclasses import dataclass, replace
from itertools import islice

from app.domain.errors import HostNotFound
from app.domain.fleet.fleet import Fleet, FleetHost
from app.domain.paging import Page, PageRequest
from app.domain.planning.comparison import Comparison, compare
from app.domain.planning.eligibility import Move, Rejection, reasons, refused, rejections, targets
from app.domain.planning.reasons import Reason
from app.domain.vms.transitions import move_of, running_of
from app.services.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    fleet_revision: int
    accepted_hazards: tuple[str, ...]
    """Tables that weaken the guest on its list, by consent; so in every answer about the VM."""
    total: int
    hosts: int
    """All hosts of the fleet."""
    page: Page[FleetHost]
    migration: str | None = None
    """Id of the open one: while there is one, no other is admitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    fleet_revision: int
    accepted_hazards: tuple[str, ...]
    host: str
    reasons: tuple[Reason, ...]
    """All that speaks against the host; none means that it is a target."""
    comparison: tuple[Comparison, ...]
    """Each of its implementations beside what the list has nearest to it."""
    migration: str | None
    """Id of the open one, which keeps the VM from being admitted anywhere, whatever is said of the host."""


@dataclass(frozen=True, slots=True)
class Rejections:
    fleet_revision: int
    accepted_hazards: tuple[str, ...]
    total: int
    """Rejected hosts, each counted once."""
    items: tuple[Rejection, ...]


async def list_targets(context: Context, vm: str, page: PageRequest) -> Targets:
    move, migration, fleet = await _asked(context, vm)
    return replace(page_of_targets(fleet, move, page), migration=migration)


async def judge_target(context: Context, vm: str, host: str) -> Verdict:
    move, migration, fleet = await _asked(context, vm)
    candidate = HostNotFound.unless(fleet.host(host), host)
    return Verdict(
        fleet_revision=fleet.revision,
        accepted_hazards=move.plan.accepted_hazards,
        host=host,
        reasons=reasons(fleet, candidate, move),
        comparison=compare(candidate.identity, move.plan.list),
        migration=migration,
    )


async def count_rejections(context: Context, vm: str) -> Rejections:
    move, _, fleet = await _asked(context, vm)
    return Rejections(
        fleet.revision, move.plan.accepted_hazards, len(refused(fleet, move)), tuple(rejections(fleet, move))
    )


async def _asked(context: Context, name: str) -> tuple[Move, str | None, Fleet]:
    """The question of where a VM may go, its open migration, and the fleet. Raises VmNotFound, VmNotRunning."""
    now = context.now()
    if standing := await context.database.standing(name, now):
        move = Move(standing.placement, context.reference, standing.boot.plan, standing.host)
        return move, standing.migration, standing.fleet
    async with context.database.reading() as tx:
        vm = (await tx.vms.get(name)).vm
        return move_of(vm, context.reference), running_of(vm).migration, await tx.fleet(now)


def page_of_targets(fleet: Fleet, move: Move, page: PageRequest) -> Targets:
    hosts = targets(fleet, move)
    items = list(islice(fleet.in_name_order(hosts, page.after), page.limit + 1))
    return Targets(
        fleet_revision=fleet.revision,
        accepted_hazards=move.plan.accepted_hazards,
        total=len(hosts),
        hosts=len(fleet),
        page=Page.cut(items, page.limit, lambda host: host.name),
    )
