"""Where a VM stands: read past the stores, and by the stores where that does not tell."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from sqlalchemy import Update, update

from app.domain.errors import RoadsteadError, VmNotFound, VmNotRunning, VmUnreadable
from app.domain.fleet.placement import Placement
from app.domain.paging import PageRequest
from app.domain.planning.guest import Guest
from app.domain.preconditions import UNCONDITIONAL
from app.domain.vms.vm import VmDefinition
from app.services.boots import BootRequest, boot_vm, stop_vm
from app.services.context import Context
from app.services.hosts import put_host
from app.services.migrations import admit_migration
from app.services.targets import Targets, list_targets
from app.services.use_cases import run
from app.services.vms import put_vm
from app.settings import Settings
from app.storage.standings import Standing
from app.storage.tables import boots, vms
from tests.storage.statements import statements
from tests.storage.workers import N2, a_host, fleet_of, working

pytestmark = pytest.mark.anyio


@pytest.fixture
async def worker(worker: Context) -> Context:
    """vm-1 runs on h1 and may move to h2 and h3; vm-2 is defined."""
    for name in ("h1", "h2", "h3"):
        await put_host(worker, a_host(name), UNCONDITIONAL, "test")
    for name in ("vm-1", "vm-2"):
        await define(worker, name)
    await start(worker, "h1")
    await fleet_of(worker)
    return worker


async def define(worker: Context, name: str, exclude: tuple[str, ...] = ()) -> None:
    definition = VmDefinition(
        Placement(exclude_hosts=exclude), Guest(discovers_implementations=True, kernel_release=None)
    )
    await put_vm(worker, name, definition, UNCONDITIONAL)


async def start(worker: Context, host: str) -> None:
    await run(worker, boot_vm(worker, BootRequest("vm-1", host), UNCONDITIONAL))


async def standing(worker: Context, vm: str = "vm-1") -> Standing | None:
    return await worker.database.standing(vm, worker.now())


async def told(worker: Context) -> Targets:
    return await list_targets(worker, "vm-1", PageRequest("", 100))


async def names(worker: Context) -> list[str]:
    return [host.name for host in (await told(worker)).page.items]


async def test_it_is_what_the_stores_say(worker: Context) -> None:
    found = await standing(worker)
    async with worker.database.reading() as tx:
        vm = (await tx.vms.get("vm-1")).vm
        fleet = await tx.fleet(worker.now())
    assert found is not None
    assert vm.running is not None
    assert found == (vm.definition.placement, vm.running.boot, vm.running.host, vm.running.migration, fleet)
    with statements() as sent:
        assert await standing(worker) == found
    assert sent == []


async def test_what_others_change_shows_at_once(worker: Context, other: Context) -> None:
    assert await names(worker) == ["h2", "h3"]
    await define(other, "vm-1", exclude=("h3",))
    assert await names(worker) == ["h2"]
    await put_host(other, a_host("h2", N2), UNCONDITIONAL, "test")
    assert await standing(worker) is None
    assert await names(worker) == []
    assert await standing(worker) is not None
    await run(other, stop_vm(other, "vm-1", UNCONDITIONAL))
    await start(other, "h2")
    assert (await names(worker), (await told(worker)).migration) == (["h1"], None)
    admitted = await run(other, admit_migration(other, "vm-1", "h1", UNCONDITIONAL))
    assert (await told(worker)).migration == admitted.id


async def test_who_is_stale_is_of_the_same_moment(worker: Context, settings: Settings) -> None:
    aged = settings.model_copy(update={"max_inventory_age": timedelta(minutes=15)})
    limits = {"h1": 0, "h2": 16, "h3": -16}
    async with working(aged) as aging:
        for name, minutes in limits.items():
            seen = datetime.now(UTC) - timedelta(minutes=minutes)
            await put_host(worker, a_host(name, observed_at=seen), UNCONDITIONAL, "test")
        fleet = await fleet_of(aging)
        found = await standing(aging)
        assert found is not None
        assert found.fleet == fleet
        assert found.fleet.stale == fleet.numbers(["h2", "h3"])
        await put_host(worker, a_host("h3", observed_at=datetime.now(UTC)), UNCONDITIONAL, "test")
        assert await names(aging) == ["h3"]


DAMAGES: Final[Mapping[str, Callable[[], Update]]] = {
    "a placement that is none": lambda: update(vms).where(vms.c.name == "vm-1").values(placement=[]),
    "a mode that is none": lambda: update(boots).values(mode="no mode"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_what_cannot_be_read_is_for_the_stores_to_tell(worker: Context, damage: Callable[[], Update]) -> None:
    async with worker.database.writing() as tx:
        await tx.connection.execute(damage())
    assert await standing(worker) is None
    with pytest.raises(VmUnreadable):
        await told(worker)


@pytest.mark.parametrize(("vm", "refusal"), [("vm-2", VmNotRunning), ("vm-3", VmNotFound)])
async def test_who_does_not_run_stands_nowhere(worker: Context, vm: str, refusal: type[RoadsteadError]) -> None:
    assert await standing(worker, vm) is None
    with pytest.raises(refusal):
        await list_targets(worker, vm, PageRequest("", 100))
