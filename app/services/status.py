"""How the fleet stands, in numbers."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from app.domain.estate import Estate
from app.domain.fleet.catalogue import by_state, unreadable
from app.domain.fleet.host import HostState
from app.domain.vms.conditions import Condition
from app.domain.vms.vm import VmState
from app.services.context import Context
from app.storage.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetStatus:
    fleet_revision: int
    hosts: Mapping[HostState, int]
    incomplete: int
    unreadable: int
    """Hosts of which what is stored cannot be read; they are incomplete, too."""
    stale: int
    oldest_observation: timedelta | None
    """Age of the oldest observation of a host that is not retired; None without hosts."""
    newest_observation: timedelta | None
    vms: Mapping[VmState, int]
    unreadable_vms: int
    """VMs that run and cannot be read. They are in none of the numbers below."""
    conditions: Mapping[Condition, int]
    """For how many VMs each holds: as many as a list has that is filtered by it."""
    open_migrations: int
    overdue_migrations: int


async def fleet_status(context: Context) -> FleetStatus:
    now = context.now()
    async with context.database.viewing() as tx:
        fleet = await tx.fleet(now)
        oldest, newest = await tx.hosts.observed_between()
        conditions, unreadable_vms = await _conditions(tx, Estate(fleet, context.reference))
        open_, overdue = await tx.migrations.count_open(now - context.migration_timeout)
        states = await tx.vms.count_by_state()
    return FleetStatus(
        fleet_revision=fleet.revision,
        hosts=by_state(fleet, fleet.present),
        incomplete=len(fleet.incomplete),
        unreadable=len(unreadable(fleet)),
        stale=len(fleet.stale),
        oldest_observation=None if oldest is None else now - oldest,
        newest_observation=None if newest is None else now - newest,
        vms={state: states.get(state, 0) for state in VmState},
        unreadable_vms=unreadable_vms,
        conditions=conditions,
        open_migrations=open_,
        overdue_migrations=overdue,
    )


async def _conditions(tx: Transaction, estate: Estate) -> tuple[Counter[Condition], int]:
    """For how many VMs each condition holds, and how many cannot be read."""
    groups, unreadable_vms = await tx.kinds.census()
    counts, undecided = await asyncio.to_thread(estate.tally, groups)
    if undecided:
        there = await tx.kinds.census_on([estate.fleet.numbered(number).name for number in undecided])
        counts += await asyncio.to_thread(estate.tally_undecided, there)
    return counts, unreadable_vms
