"""The planner by itself, in this process, on the fleet as the service loads it."""

import asyncio
import gc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial

from app.domain.cpu.implementation import Implementation
from app.domain.fleet.fleet import Fleet
from app.domain.fleet.host import HostState
from app.domain.fleet.placement import Operator, Placement, Requirement, Selector
from app.domain.planning.checking import check_plan
from app.domain.planning.composition import BootOrder, compose
from app.domain.planning.guest import Guest
from app.domain.planning.hazards import forbidden_pairs
from app.settings import Settings
from app.storage.database import Database
from app.storage.reference_data import load_reference_data
from bench import postgresql
from bench.fleet import BOOT_HOST, IMPLEMENTATIONS, ndjson
from bench.lab import Lab, timed
from bench.report import Row, bounded
from bench.service import import_hosts, roadstead

_REPEATED = 20
"""Times in a round that what takes milliseconds is done."""


def measure(lab: Lab) -> Iterator[Row]:
    hosts = lab.fleet(100_000)
    fleet, loading = _loaded(lab, hosts)
    order = _order()
    plan = compose(fleet, order)
    check_plan(fleet, order, plan)
    assert len(plan.list) + len(plan.left_out) == len(IMPLEMENTATIONS), "every implementation is met"
    implementations = [Implementation(*each) for each in IMPLEMENTATIONS]
    assert next(forbidden_pairs(order.reference.tables, implementations))
    moved = fleet.host(BOOT_HOST)
    assert moved is not None
    moved = moved._replace(state=HostState.CORDONED)
    found = lab.turns(
        {
            "compose": lambda: timed(partial(_again, partial(compose, fleet, order))) / _REPEATED,
            "check_plan": lambda: timed(lambda: check_plan(fleet, order, plan)),
            "forbidden pairs": lambda: timed(lambda: tuple(forbidden_pairs(order.reference.tables, implementations))),
            "with_host": lambda: timed(partial(_again, partial(fleet.with_host, moved))) / _REPEATED,
        }
    )
    milliseconds = {name: [seconds * 1000 for seconds in times] for name, times in found.items()}
    yield bounded(f"composing a list: {hosts:,} hosts, 200 implementations", "ms", milliseconds["compose"], 5)
    yield bounded("all forbidden pairs of 200 implementations", "ms", milliseconds["forbidden pairs"], 100)
    yield bounded(f"checking a plan host by host, {hosts:,} hosts", "ms", milliseconds["check_plan"])
    yield bounded(f"a fleet of {hosts:,} with one host changed", "ms", milliseconds["with_host"])
    yield bounded(f"loading {hosts:,} hosts from PostgreSQL", "s", loading)


def _again(work: Callable[[], object]) -> None:
    for _ in range(_REPEATED):
        work()


def _order() -> BootOrder:
    zones = Requirement("zone", Operator.IN, ("z0", "z1", "z2"))
    placement = Placement(Selector(match_expressions=(zones,)), max_implementations=256)
    return BootOrder(placement, load_reference_data(None), Guest(discovers_implementations=True), BOOT_HOST)


def _loaded(lab: Lab, hosts: int) -> tuple[Fleet, list[float]]:
    """The fleet, and the seconds that each loading of it took."""
    with postgresql.database(lab.postgresql) as url:
        with roadstead(url) as server, server.client() as client:
            import_hosts(client, ndjson(hosts))
        postgresql.execute(url, "VACUUM ANALYZE")
        settings = Settings(database_url=url)
        times = [timed(lambda: asyncio.run(_load(settings))) for _ in range(lab.rounds)]
        fleet = asyncio.run(_load(settings))
    assert len(fleet) == hosts
    gc.collect()
    return fleet, times


async def _load(settings: Settings) -> Fleet:
    database = await Database.connect(settings)
    try:
        async with database.reading() as tx:
            return await tx.fleet(datetime.now(UTC))
    finally:
        await database.close()
