"""How the fleet stands, in numbers; and whether the service can do its work."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.catalogue import by_state
from app.domain.fleet import union
from app.domain.host import HostState
from app.domain.vm import VmState
from app.services.context import Context
from app.storage.schema import fault


@dataclass(frozen=True, slots=True)
class Standing:
    fleet_revision: int
    hosts: Mapping[HostState, int]
    incomplete: int
    stale: int
    vms: Mapping[VmState, int]
    exposed: int
    accepting_hazards: int
    open_migrations: int
    overdue_migrations: int


async def standing(context: Context) -> Standing:
    now = context.now()
    async with context.database.reading() as tx:
        fleet = await tx.fleet(now)
        running = await tx.vms.census()
        open_, overdue = await tx.migrations.count_open(now - context.migration_timeout)
        states = await tx.vms.count_by_state()
    return Standing(
        fleet.revision,
        by_state(fleet, fleet.present),
        len(union(hosts for identity, hosts in fleet.identities() if not identity.complete)),
        len(fleet.stale),
        {state: states.get(state, 0) for state in VmState},
        sum(group.vms for group in running if group.exposed),
        sum(group.vms for group in running if group.accepts_hazards),
        open_,
        overdue,
    )


async def schema_fault(context: Context) -> str | None:
    """What keeps the service from working on this schema; None if nothing does."""
    return await fault(context.database)
