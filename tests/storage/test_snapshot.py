"""Each worker keeps the fleet in memory, and none ever answers from an older one."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.cpu.implementation import ReportedImplementation
from app.domain.fleet.fleet import Fleet, FleetHost
from app.domain.fleet.host import Capacity, Host, HostState, LinedHost
from app.domain.preconditions import UNCONDITIONAL
from app.services.context import Context
from app.services.hosts import delete_host, put_host
from app.settings import Settings
from tests.storage.statements import statements
from tests.storage.workers import N1, N2, SEEN, a_host, fleet_of, working

pytestmark = pytest.mark.anyio


def seen_by_the_planner(host: Host) -> FleetHost:
    return FleetHost(host.name, host.state, tuple(sorted(host.labels.items())), host.profile)


def assert_fleet(fleet: Fleet, hosts: dict[str, Host], revision: int) -> None:
    assert fleet.revision == revision
    assert list(fleet.in_name_order(fleet.present)) == [seen_by_the_planner(hosts[name]) for name in sorted(hosts)]
    assert len(fleet) == len(hosts)
    counted = Counter(host.identity for host in hosts.values())
    assert {identity: len(having) for identity, having in fleet.identities()} == counted


async def put(worker: Context, host: Host) -> None:
    await put_host(worker, host, UNCONDITIONAL, "test")


async def test_a_write_by_one_worker_is_in_the_next_answer_of_another(worker: Context, other: Context) -> None:
    for number in range(3):
        await put(worker, a_host(f"h{number}"))
        fleet = await fleet_of(other)
        assert (fleet.revision, len(fleet)) == (number + 1, number + 1)
        assert fleet.host(f"h{number}") is not None


async def test_every_kind_of_change_travels(worker: Context, other: Context) -> None:
    host = a_host("h1", labels={"zone": "a"})
    await put(worker, host)
    unsure = replace(host.profile.capabilities, discovery_hypercalls=None)
    for changed in (
        replace(host, state=HostState.CORDONED),
        replace(host, labels={"zone": "b"}),
        replace(host, labels={}),
        replace(host, profile=a_host("x", N2).profile),
        replace(host, profile=replace(host.profile, capabilities=unsure)),
        replace(host, profile=replace(host.profile, capacity=Capacity(80, 2**40))),
        replace(host, profile=replace(host.profile, kernel_release="6.17.3", vmm="qemu 10.2")),
        host,
    ):
        await put(worker, changed)
        assert (await fleet_of(other)).host("h1") == seen_by_the_planner(changed)
        assert (await fleet_of(worker)).host("h1") == seen_by_the_planner(changed)


async def test_deletion_leaves_a_tombstone(worker: Context, other: Context) -> None:
    for name in ("h1", "h2"):
        await put(worker, a_host(name))
    assert len(await fleet_of(other)) == 2
    await delete_host(worker, "h1", UNCONDITIONAL)
    fleet = await fleet_of(other)
    assert [host.name for host in fleet] == ["h2"]
    assert fleet.host("h1") is None


async def test_a_host_that_came_back_between_two_questions(worker: Context, other: Context) -> None:
    await put(worker, a_host("h1", N1))
    await fleet_of(other)
    await delete_host(worker, "h1", UNCONDITIONAL)
    await put(worker, a_host("h1", N2))
    back = (await fleet_of(other)).host("h1")
    assert back is not None
    assert back.identity.reported == (N2,)
    await delete_host(worker, "h1", UNCONDITIONAL)
    assert len(await fleet_of(other)) == 0
    await put(worker, a_host("h1", N1))
    assert len(await fleet_of(other)) == 1


async def test_heartbeats_change_no_revision_and_cost_no_reading(worker: Context, other: Context) -> None:
    host = a_host("h1")
    await put(worker, host)
    before = await fleet_of(other)
    await put(worker, replace(host, observed_at=SEEN + timedelta(minutes=5)))
    with statements() as sent:
        after = await fleet_of(other)
    assert after is before
    assert len(sent) == 1


async def test_an_unchanged_fleet_is_the_same_object(worker: Context) -> None:
    await put(worker, a_host("h1"))
    assert await fleet_of(worker) is await fleet_of(worker)


async def test_a_fleet_in_hand_never_changes(worker: Context, other: Context) -> None:
    for number in range(20):
        await put(worker, a_host(f"h{number}"))
    held = await fleet_of(other)
    before = [*held.in_name_order(held.present)]
    await put(worker, a_host("h3", N2, state=HostState.RETIRED))
    await delete_host(worker, "h4", UNCONDITIONAL)
    await put(worker, a_host("a1"))
    assert (await fleet_of(other)).revision == 23
    assert [*held.in_name_order(held.present)] == before


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_happens_all_workers_agree_with_the_database(
    settings: Settings, worker: Context, other: Context, seed: int
) -> None:
    """Workers write by turns; one that asks after each write and one that asks rarely see the same in the end."""
    chance = random.Random(seed)
    hosts: dict[str, Host] = {}
    revision = 0
    kinds = [ReportedImplementation(0x413FD0C1, number, None if number == 3 else 0) for number in range(6)]
    async with working(settings) as seldom:
        for step in range(120):
            writer = chance.choice((worker, other))
            name = f"h{chance.randrange(40)}"
            if name in hosts and chance.random() < 0.3:
                await delete_host(writer, name, UNCONDITIONAL)
                del hosts[name]
                revision += 1
            else:
                state = chance.choice(list(HostState))
                host = a_host(name, chance.choice(kinds), state=state, labels={"rack": f"r{chance.randrange(3)}"})
                revision += hosts.get(name) != host
                await put(writer, host)
                hosts[name] = host
            assert_fleet(await fleet_of(worker if writer is other else other), hosts, revision)
            if step % 29 == 28:
                assert_fleet(await fleet_of(seldom), hosts, revision)
        async with working(settings) as fresh:
            assert_fleet(await fleet_of(fresh), hosts, revision)


async def test_a_worker_that_is_far_behind_reads_everything_anew(worker: Context, other: Context) -> None:
    """Where the database has forgotten the revision it had, it cannot tell what has changed since."""
    await put(worker, a_host("h1"))
    await put(worker, a_host("h2"))
    await fleet_of(other)
    await delete_host(worker, "h1", UNCONDITIONAL)
    async with worker.database.writing() as tx:
        for table in ("fleet_revisions", "deleted_hosts"):
            await tx.connection.exec_driver_sql(f"DELETE FROM {table} WHERE revision < 4")
    await put(worker, a_host("h3"))
    assert [host.name for host in await fleet_of(other)] == ["h2", "h3"]


async def test_a_large_fleet_is_read_in_few_statements(settings: Settings, worker: Context) -> None:
    hosts, kinds = 5_000, 1_100
    rows = [a_host(f"h{number:05}", ReportedImplementation(0x413FD0C1, number % kinds, 0)) for number in range(hosts)]
    async with worker.database.importing(dry_run=False) as tx:
        await tx.imports.stage([LinedHost(line, host) for line, host in enumerate(rows, 1)])
        await tx.imports.merge(await tx.imports.tally(), await tx.hosts.next_revision(), SEEN, "test")
    async with working(settings) as fresh:
        with statements() as sent:
            fleet = await fleet_of(fresh)
        assert_fleet(fleet, {host.name: host for host in rows}, 1)
        # Identities come five hundred at a time for each two thousand hosts, the rest in one statement each.
        assert len(sent) <= 12
