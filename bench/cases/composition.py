"""The planner by itself, in this process, on the fleet as the service loads it."""

import asyncio
import gc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Final

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
from bench.report import Row, bounded, related
from bench.service import import_hosts, roadstead

_REPEATED = 20
"""Times in a round that what takes milliseconds is done."""

_AIMS: Final = {"compose": 2.0, "check": 2.0}
"""A boot must not pay for the fleet's size."""


def measure(lab: Lab) -> Iterator[Row]:
    few, most = 1_000, lab.fleet(100_000)
    small, _ = _loaded(lab, few)
    large, loading = _loaded(lab, most)
    variants = _variants("small", small) | _variants("large", large)
    implementations = [Implementation(*each) for each in IMPLEMENTATIONS]
    tables = _order().reference.tables
    assert any(forbidden_pairs(tables, implementations))
    variants["pairs"] = lambda: tuple(forbidden_pairs(tables, implementations))
    found = lab.loads({name: partial(_timed_again, work) for name, work in variants.items()})
    for title, name in (
        ("composing a list", "compose"),
        ("checking a plan", "check"),
        ("with one host changed", "change"),
    ):
        times = (found[f"{name}, large"], found[f"{name}, small"])
        yield related(
            f"{title}: {most:,} hosts / {few:,} hosts, 200 implementations", "ms", *times, at_most=_AIMS.get(name)
        )
    yield bounded("all forbidden pairs of 200 implementations", "ms", found["pairs"])
    yield bounded(f"loading {most:,} hosts from PostgreSQL", "s", loading)


def _variants(size: str, fleet: Fleet) -> dict[str, Callable[[], object]]:
    order = _order()
    plan = compose(fleet, order)
    check_plan(fleet, order, plan)
    assert len(plan.list) + len(plan.left_out) == len(IMPLEMENTATIONS), "every implementation is met"
    host = fleet.host(BOOT_HOST)
    assert host is not None
    return {
        f"compose, {size}": partial(compose, fleet, order),
        f"check, {size}": partial(check_plan, fleet, order, plan),
        f"change, {size}": partial(fleet.with_host, host._replace(state=HostState.CORDONED)),
    }


def _timed_again(work: Callable[[], object]) -> float:
    """Milliseconds."""
    return timed(partial(_again, work)) / _REPEATED * 1000


def _again(work: Callable[[], object]) -> None:
    for _ in range(_REPEATED):
        work()


def _order() -> BootOrder:
    zones = Requirement("zone", Operator.IN, ("z0", "z1", "z2"))
    placement = Placement(selector=Selector(match_expressions=(zones,)), max_implementations=256)
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
