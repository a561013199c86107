"""Workers without their HTTP side: use cases over a database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from app.domain.cpu.cpulist import parse_cpulist
from app.domain.cpu.identity import CpuGroup, Identity
from app.domain.cpu.implementation import ReportedImplementation
from app.domain.fleet.capabilities import Capabilities
from app.domain.fleet.fleet import Fleet
from app.domain.fleet.host import Host, HostState, Profile
from app.services.context import Context
from app.settings import Settings
from app.storage.database import Database
from app.storage.reference_data import load_reference_data

ABLE = Capabilities(writable_id_registers=True, discovery_hypercalls=True)
SEEN = datetime(2026, 11, 22, 10, tzinfo=UTC)
Group = ReportedImplementation | tuple[str, ReportedImplementation]
"""CPUs that are alike, with their cpulist; without one, all CPUs."""
N1 = ReportedImplementation(0x413FD0C1, 0, 0)
N2 = ReportedImplementation(0x410FD490, 0, 0)


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[Context]:
    """One worker."""
    database = await Database.connect(settings)
    try:
        yield Context(database, load_reference_data(None), lambda: datetime.now(UTC), settings.migration_timeout)
    finally:
        await database.close()


def a_host(
    name: str,
    *groups: Group,
    state: HostState = HostState.ACTIVE,
    labels: dict[str, str] | None = None,
    observed_at: datetime = SEEN,
) -> Host:
    """A host with these groups of CPUs."""
    identity = Identity(
        tuple(
            CpuGroup(None, each)
            if isinstance(each, ReportedImplementation)
            else CpuGroup(parse_cpulist(each[0]), each[1])
            for each in groups or (N1,)
        )
    )
    profile = Profile(identity=identity, capabilities=ABLE)
    return Host(name=name, state=state, labels=labels or {}, profile=profile, observed_at=observed_at)


async def fleet_of(worker: Context) -> Fleet:
    """The fleet as a worker sees it when it is asked."""
    async with worker.database.reading() as tx:
        return await tx.fleet(worker.now())
