"""Migrations from admission to the word on where the guest is."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app.settings import Settings
from tests.api.talk import (
    ABLE,
    N1,
    N2,
    V1,
    Json,
    admit,
    boot,
    close,
    codes,
    done,
    get,
    group,
    patch_host,
    pointers,
    put_host,
    put_vm,
    refused,
    stop,
    vm,
)
from tests.serving import serving

pytestmark = pytest.mark.anyio

ENDED = {"complete": "completed", "fail": "failed"}
how = pytest.mark.parametrize("how", ENDED)


async def prepare(client: httpx.AsyncClient) -> Json:
    """vm-1 runs on h1 and may move to h2 and h3."""
    await put_host(client, "h1", N1)
    for name in ("h2", "h3"):
        await put_host(client, name, N2)
    await put_vm(client, "vm-1")
    return await boot(client, "vm-1", "h1")


async def end(client: httpx.AsyncClient, migration: Json, way: str) -> httpx.Response:
    return await client.post(f"/v1/migrations/{migration['id']}:{way}")


async def test_admission(client: httpx.AsyncClient) -> None:
    sealed = await prepare(client)
    before = datetime.now(UTC)
    answer = await client.post("/v1/vms/vm-1/migrations", json={"target": "h2"})
    migration = done(answer, 201)
    assert answer.headers["Location"] == f"/v1/migrations/{migration['id']}"
    assert before <= datetime.fromisoformat(migration["admitted_at"]) <= datetime.now(UTC)
    expected = {
        "vm": "vm-1",
        "source": "h1",
        "target": "h2",
        "state": "admitted",
        "overdue": False,
        "implementation_list": sealed["digest"],
        "closed_at": None,
    }
    assert migration | expected == migration
    assert await get(client, answer.headers["Location"]) == migration


async def test_one_at_a_time(client: httpx.AsyncClient) -> None:
    await prepare(client)
    migration = await admit(client, "vm-1", "h2")
    for target in ("h2", "h3", "h1"):
        answer = await client.post("/v1/vms/vm-1/migrations", json={"target": target})
        assert refused(answer, 409, "vm_migrating")["migration"] == migration["id"]


async def test_what_is_not_admitted(client: httpx.AsyncClient) -> None:
    async def ask(name: str, target: str) -> httpx.Response:
        return await client.post(f"/v1/vms/{name}/migrations", json={"target": target})

    await prepare(client)
    await put_vm(client, "defined")
    refused(await ask("defined", "h2"), 409, "vm_not_running")
    refused(await ask("nowhere", "h2"), 404, "vm_not_found")
    refused(await ask("vm-1", "nowhere"), 404, "host_not_found")
    await put_host(client, "h9", V1, state="cordoned", capabilities={})
    problem = refused(await ask("vm-1", "h9"), 409, "not_a_target")
    assert codes(problem["reasons"]) == [
        "host_not_active",
        "implementation_not_listed",
        "lacks_writable_id_registers",
        "lacks_discovery_hypercalls",
    ]
    assert pointers(await client.post("/v1/vms/vm-1/migrations", json={"target": "h2", "force": True})) == ["/force"]
    assert (await get(client, "/v1/migrations"))["items"] == []
    assert (await get(client, "/v1/vms/vm-1"))["state"] == "running"


@how
async def test_an_ending(client: httpx.AsyncClient, how: str) -> None:
    await prepare(client)
    migration = await admit(client, "vm-1", "h2")
    ended = await close(client, migration, how)
    assert ended | {"state": "admitted", "closed_at": None} == migration
    assert ended["state"] == ENDED[how]
    assert ended["closed_at"] >= ended["admitted_at"]
    assert await get(client, f"/v1/migrations/{migration['id']}") == ended
    shown = await get(client, "/v1/vms/vm-1")
    assert (shown["state"], shown["migration"], shown["exposed"]) == ("running", None, False)
    assert shown["host"] == ("h2" if how == "complete" else "h1")


@how
async def test_a_repeat_of_the_same_ending_changes_nothing(client: httpx.AsyncClient, how: str) -> None:
    await prepare(client)
    migration = await admit(client, "vm-1", "h2")
    ended = await close(client, migration, how)
    before = await client.get("/v1/vms/vm-1")
    assert done(await end(client, migration, how), 200) == ended
    assert (await client.get("/v1/vms/vm-1")).headers["ETag"] == before.headers["ETag"]
    (other,) = ENDED.keys() - {how}
    refused(await end(client, migration, other), 409, "migration_closed")
    refused(await end(client, migration, "verify"), 409, "migration_closed")
    assert await get(client, f"/v1/migrations/{migration['id']}") == ended


@how
async def test_a_late_repeat_does_not_reach_into_a_later_life(client: httpx.AsyncClient, how: str) -> None:
    await prepare(client)
    migration = await admit(client, "vm-1", "h2")
    ended = await close(client, migration, how)
    later = await admit(client, "vm-1", "h3")
    assert done(await end(client, migration, how), 200) == ended
    assert (await get(client, "/v1/vms/vm-1"))["migration"] == later["id"]
    await close(client, later, "complete")
    await stop(client, "vm-1")
    await client.delete("/v1/vms/vm-1")
    await client.delete("/v1/hosts/h2")
    assert done(await end(client, migration, how), 200) == ended


@how
async def test_a_late_word_does_not_reach_a_vm_or_host_of_the_same_name(client: httpx.AsyncClient, how: str) -> None:
    await prepare(client)
    ended = await close(client, await admit(client, "vm-1", "h2"), how)
    await stop(client, "vm-1")
    for path in ("/v1/vms/vm-1", "/v1/hosts/h2"):
        assert (await client.delete(path)).status_code == 204
    await put_host(client, "h2", V1)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    running = await get(client, "/v1/vms/vm-1")
    for way in ENDED.keys() - {how} | {"verify"}:
        refused(await end(client, ended, way), 409, "migration_closed")
    assert done(await end(client, ended, how), 200) == ended
    assert await get(client, "/v1/vms/vm-1") == running
    # Its own migrations are told beside those of the VM that had its name before.
    own = await admit(client, "vm-1", "h3")
    assert (await get(client, "/v1/migrations", vm="vm-1"))["items"] == [ended, own]


async def test_an_unknown_migration(client: httpx.AsyncClient) -> None:
    refused(await client.get("/v1/migrations/0123456789abcdef"), 404, "migration_not_found")
    for way in ("verify", "complete", "fail"):
        refused(await end(client, {"id": "0123456789abcdef"}, way), 404, "migration_not_found")


async def test_there_and_back(client: httpx.AsyncClient) -> None:
    sealed = await prepare(client)
    for target in ("h2", "h1", "h3"):
        await close(client, await admit(client, "vm-1", target), "complete")
        shown = await get(client, "/v1/vms/vm-1")
        assert (shown["host"], shown["boot"], shown["implementation_list"]) == (target, 1, sealed["digest"])
        assert shown["exposed"] is False
    (first, second, third) = (await get(client, "/v1/migrations"))["items"]
    assert [(each["source"], each["target"]) for each in (first, second, third)] == [
        ("h1", "h2"),
        ("h2", "h1"),
        ("h1", "h3"),
    ]


# Verification at the destination.


async def test_verification(client: httpx.AsyncClient) -> None:
    await prepare(client)
    migration = await admit(client, "vm-1", "h2")
    before = [(await client.get(path)).content for path in ("/v1/vms/vm-1", "/v1/migrations")]
    assert await close(client, migration, "verify") == migration
    assert await close(client, migration, "verify") == migration
    assert [(await client.get(path)).content for path in ("/v1/vms/vm-1", "/v1/migrations")] == before


@pytest.mark.parametrize("state", ["cordoned", "maintenance", "planned", "retired"])
async def test_a_changed_state_or_placement_does_not_matter_any_more(client: httpx.AsyncClient, state: str) -> None:
    await prepare(client)
    migration = await admit(client, "vm-1", "h2")
    await patch_host(client, "h2", state=state)
    await client.put("/v1/vms/vm-1", json=vm({"exclude_hosts": ["h2"]}))
    assert await close(client, migration, "verify") == migration
    assert (await close(client, migration, "complete"))["state"] == "completed"
    assert (await get(client, "/v1/vms/vm-1"))["exposed"] is False


async def test_a_changed_identity_or_ability_matters(client: httpx.AsyncClient) -> None:
    await prepare(client)
    migration = await admit(client, "vm-1", "h2")
    for fields, expected in (
        ({"cpus": [group(V1)]}, ["implementation_not_listed"]),
        ({"cpus": [group((N2[0], 0, None))]}, ["identity_incomplete"]),
        (
            {"cpus": [group(V1, "0"), group((N2[0], 0, None), "1")], "capabilities": {"writable_id_registers": False}},
            ["identity_incomplete", "implementation_not_listed", "lacks_writable_id_registers"],
        ),
        (
            {"cpus": [group(N2)], "capabilities": dict.fromkeys(ABLE)},
            ["lacks_writable_id_registers", "lacks_discovery_hypercalls"],
        ),
    ):
        await patch_host(client, "h2", **fields)
        problem = refused(await end(client, migration, "verify"), 409, "not_a_target")
        assert codes(problem["reasons"]) == expected
    await patch_host(client, "h2", capabilities=ABLE)
    assert await close(client, migration, "verify") == migration


async def test_a_guest_that_has_arrived_on_a_changed_host_is_there_and_exposed(client: httpx.AsyncClient) -> None:
    """Where the VM runs is a fact; refusing to hear it would not bring it back."""
    await prepare(client)
    migration = await admit(client, "vm-1", "h2")
    await patch_host(client, "h2", cpus=[group(V1)])
    refused(await end(client, migration, "verify"), 409, "not_a_target")
    assert (await close(client, migration, "complete"))["state"] == "completed"
    shown = await get(client, "/v1/vms/vm-1")
    assert (shown["host"], shown["state"], shown["exposed"]) == ("h2", "running", True)
    await close(client, await admit(client, "vm-1", "h3"), "complete")
    assert (await get(client, "/v1/vms/vm-1"))["exposed"] is False


# Lists of migrations.


async def test_filters(client: httpx.AsyncClient) -> None:
    await prepare(client)
    await put_vm(client, "vm-2")
    await boot(client, "vm-2", "h1")
    completed = await close(client, await admit(client, "vm-1", "h2"), "complete")
    failed = await close(client, await admit(client, "vm-1", "h3"), "fail")
    opened = await admit(client, "vm-1", "h3")
    others = await admit(client, "vm-2", "h2")
    for query, expected in (
        ("", [completed, failed, opened, others]),
        ("vm=vm-1", [completed, failed, opened]),
        ("state=completed", [completed]),
        ("state=failed", [failed]),
        ("state=admitted", [opened, others]),
        ("state=admitted&vm=vm-2", [others]),
        ("state=overdue", []),
        ("vm=nowhere", []),
    ):
        assert done(await client.get(f"/v1/migrations?{query}"))["items"] == expected, query


async def test_an_open_migration_becomes_overdue_and_stays_open(settings: Settings) -> None:
    async with serving(settings) as patient:
        await prepare(patient)
        closed = await close(patient, await admit(patient, "vm-1", "h2"), "complete")
        migration = await admit(patient, "vm-1", "h3")
        hasty = settings.model_copy(update={"migration_timeout": timedelta(milliseconds=1)})
        await asyncio.sleep(0.01)
        async with serving(hasty) as client:
            shown = await get(client, f"/v1/migrations/{migration['id']}")
            assert shown == migration | {"state": "overdue", "overdue": True}
            assert await get(client, f"/v1/migrations/{closed['id']}") == closed
            assert (await get(client, "/v1/migrations", state="overdue"))["items"] == [shown]
            assert (await get(client, "/v1/migrations", state="admitted"))["items"] == []
            assert (await get(client, "/v1/vms/vm-1"))["state"] == "migrating"
            refused(await client.post("/v1/vms/vm-1/migrations", json={"target": "h1"}), 409, "vm_migrating")
            assert await close(client, migration, "verify") == shown
            assert (await close(client, migration, "complete"))["state"] == "completed"
        assert (await get(patient, "/v1/vms/vm-1"))["host"] == "h3"


async def test_a_migration_is_in_time_for_a_day(client: httpx.AsyncClient) -> None:
    await prepare(client)
    await admit(client, "vm-1", "h2")
    assert Settings().migration_timeout == timedelta(hours=24)
    assert (await get(client, "/v1/migrations", state="overdue"))["items"] == []
