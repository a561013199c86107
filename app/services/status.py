"""How the fleet stands, in numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from app.domain.estate import Estate, counted
from app.domain.fleet.catalogue import by_state
from app.domain.fleet.fleet import Facet
from app.domain.fleet.host import UNREADABLE, HostState
from app.domain.vms.vm import VmState
from app.services.context import Context


@dataclass(frozen=True, slots=True)
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
    exposed: int
    without_target: int
    """VMs that run and could move nowhere now."""
    accepting_hazards: int
    open_migrations: int
    overdue_migrations: int


async def fleet_status(context: Context) -> FleetStatus:
    now = context.now()
    async with context.database.reading() as tx:
        fleet = await tx.fleet(now)
        oldest, newest = await tx.hosts.observed_between()
        running, unreadable_vms = await tx.vms.census()
        open_, overdue = await tx.migrations.count_open(now - context.migration_timeout)
        states = await tx.vms.count_by_state()
    estate = Estate(fleet, tuple(running))
    return FleetStatus(
        fleet.revision,
        by_state(fleet, fleet.present),
        len(fleet.incomplete),
        len(fleet.having(Facet.IDENTITY, UNREADABLE)),
        len(fleet.stale),
        None if oldest is None else now - oldest,
        None if newest is None else now - newest,
        {state: states.get(state, 0) for state in VmState},
        unreadable_vms,
        counted(estate.exposed()),
        counted(estate.without_target(context.reference)),
        counted(estate.accepting_hazards()),
        open_,
        overdue,
    )
