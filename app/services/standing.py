"""How the fleet stands, in numbers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from pyroaring import FrozenBitMap

from app.domain.catalogue import by_state
from app.domain.eligibility import Move, targets
from app.domain.fleet import Fleet, union
from app.domain.host import HostState
from app.domain.reference import ReferenceData
from app.domain.vm import VmState
from app.services.context import Context
from app.storage.vms import RunningGroup


@dataclass(frozen=True, slots=True)
class Standing:
    fleet_revision: int
    hosts: Mapping[HostState, int]
    incomplete: int
    stale: int
    oldest_observation: timedelta | None
    """Age of the oldest observation of a host that is not retired; None without hosts."""
    newest_observation: timedelta | None
    vms: Mapping[VmState, int]
    exposed: int
    without_target: int
    """VMs that run and could move nowhere now."""
    accepting_hazards: int
    open_migrations: int
    overdue_migrations: int


async def standing(context: Context) -> Standing:
    now = context.now()
    async with context.database.reading() as tx:
        fleet = await tx.fleet(now)
        oldest, newest = await tx.hosts.observed_between()
        running = await tx.vms.census()
        open_, overdue = await tx.migrations.count_open(now - context.migration_timeout)
        states = await tx.vms.count_by_state()
    return Standing(
        fleet.revision,
        by_state(fleet, fleet.present),
        len(union(hosts for identity, hosts in fleet.identities() if not identity.complete)),
        len(fleet.stale),
        None if oldest is None else now - oldest,
        None if newest is None else now - newest,
        {state: states.get(state, 0) for state in VmState},
        sum(group.vms for group in running if group.exposed),
        sum(group.vms for group in _without_target(fleet, running, context.reference)),
        sum(group.vms for group in running if group.plan.accepted_hazards),
        open_,
        overdue,
    )


def _without_target(fleet: Fleet, running: Iterable[RunningGroup], reference: ReferenceData) -> Iterable[RunningGroup]:
    within_reach: dict[object, FrozenBitMap] = {}
    for group in running:
        # Groups of one kind differ by where they are now, and no VM has its own host for a target.
        kind = (str(group.placement), group.plan.list.digest, group.plan.mode, group.plan.mode_reasons)
        if kind not in within_reach:
            within_reach[kind] = targets(fleet, Move(group.placement, reference, group.plan, current_host=""))
        if not within_reach[kind] - fleet.number(group.host):
            yield group
