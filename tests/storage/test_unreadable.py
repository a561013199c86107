"""Rows that were damaged in the database: set aside, shown and counted, while all else is answered."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import Update, delete, update
from sqlalchemy.sql import Delete

from app.domain.cpu.cpulist import CpuList
from app.domain.cpu.identity import CpuGroup, Identity
from app.domain.cpu.implementation import ReportedImplementation
from app.settings import Settings
from app.storage.identities import identity_digest
from app.storage.tables import boots, hosts, identities, identity_groups, implementation_lists, migrations, vms
from tests.api.talk import (
    N1,
    N2,
    Json,
    admit,
    boot,
    close,
    codes,
    done,
    get,
    group,
    host,
    import_hosts,
    patch_host,
    put_host,
    put_vm,
    refused,
    stop,
)
from tests.serving import serving
from tests.storage.workers import working

pytestmark = pytest.mark.anyio

BAD = group(N1, "0-7")
"""What the host reports that is damaged; others report the same registers in another form."""
BAD_DIGEST = identity_digest(Identity((CpuGroup(CpuList(0xFF), ReportedImplementation(*N1)),)))
Damage = Update | Delete

of_its_groups = identity_groups.c.digest == BAD_DIGEST
HOST_DAMAGES: dict[str, Damage] = {
    "a cpulist that is none": update(identity_groups).where(of_its_groups).values(cpu_list="0-7:1/2"),
    "other registers than were reported": update(identity_groups).where(of_its_groups).values(midr=0),
    "no registers": delete(identity_groups).where(of_its_groups),
    "a digest of nothing": update(hosts).where(hosts.c.name == "bad").values(identity=b"nothing"),
    "a state that is none": update(hosts).where(hosts.c.name == "bad").values(state="lost"),
    "labels that are none": update(hosts).where(hosts.c.name == "bad").values(labels=["zone"]),
    "labels that are no text": update(hosts).where(hosts.c.name == "bad").values(labels={"zone": 1}),
}
every_host_damage = pytest.mark.parametrize("damage", HOST_DAMAGES.values(), ids=HOST_DAMAGES)
OF_THE_ROW = ("a state that is none", "labels that are none", "labels that are no text")
"""Its registers can still be read."""
OF_REGISTERS = ("a cpulist that is none", "other registers than were reported", "no registers")

of_vm = vms.c.name == "bad"
of_boot = boots.c.vm_id.in_(vms.select().with_only_columns(vms.c.id).where(of_vm))
BOOT_DAMAGES: dict[str, Damage] = {
    "cpus": update(boots).where(of_boot).values(cpus="0-7:1/2"),
    "own entries": update(boots).where(of_boot).values(own_entries=b"short"),
    "a mode": update(boots).where(of_boot).values(mode="quiet"),
    "reasons": update(boots).where(of_boot).values(mode_reasons=["none"]),
    "left out": update(boots).where(of_boot).values(left_out=[[["0x1", 0, 0], 1, []]]),
    "hazards": update(boots).where(of_boot).values(accepted_hazards={"A": 1}),
    "a list": update(implementation_lists).where(implementation_lists.c.entries != b"").values(entries=b"short"),
    "another list": update(implementation_lists).where(implementation_lists.c.entries != b"").values(entries=bytes(24)),
}
DEFINITION_DAMAGES: dict[str, Damage] = {
    "no placement": update(vms).where(of_vm).values(placement={}),
    "names that are none": update(vms).where(of_vm).values(placement={**host(), "include_hosts": [1]}),
}


async def damaged(settings: Settings, *damages: Damage) -> None:
    async with working(settings) as worker, worker.database.writing() as tx:
        for damage in damages:
            assert (await tx.connection.execute(damage)).rowcount > 0


async def populated(settings: Settings) -> None:
    """Two good hosts, and one that is to be damaged, with a VM on a good one and a VM on that one."""
    async with serving(settings) as client:
        for name in ("good-1", "good-2"):
            await put_host(client, name, N1)
        await put_host(client, "bad", BAD, labels={"zone": "a"})
        for name, on in (("ok", "good-1"), ("bad", "bad")):
            await put_vm(client, name)
            await boot(client, name, on)


async def metric(client: httpx.AsyncClient, name: str) -> float:
    lines = (await client.get("/metrics")).text.splitlines()
    (value,) = (line.split()[1] for line in lines if line.startswith(f"{name} "))
    return float(value)


async def targets(client: httpx.AsyncClient, vm: str) -> list[str]:
    return [item["host"] for item in (await get(client, f"/v1/vms/{vm}/targets"))["items"]]


async def unreadable(client: httpx.AsyncClient) -> dict[str, bool]:
    return {each["name"]: each["unreadable"] for each in (await get(client, "/v1/hosts"))["items"]}


PATHS = (
    "/v1/hosts/bad",
    "/v1/hosts/bad/history",
    "/v1/hosts?label=zone",
    "/v1/implementations",
    "/v1/compatibility",
    "/v1/errata/ARM64_SPECTRE_BHB",
    "/v1/vms/ok/rejections",
    "/v1/vms/bad/rejections",
    "/v1/vms/bad/implementation-list",
    "/v1/vms/bad/hypercalls",
    "/v1/migrations",
)


@every_host_damage
async def test_a_host_that_cannot_be_read_stops_no_answer(settings: Settings, damage: Damage) -> None:
    await populated(settings)
    await damaged(settings, damage)
    async with serving(settings) as client:
        assert await unreadable(client) == {"bad": True, "good-1": False, "good-2": False}
        for path in PATHS:
            done(await client.get(path), 200)
        shown = await get(client, "/v1/hosts/bad")
        assert (shown["cpus"], shown["implementations"], shown["identity_complete"]) == ([], [], False)
        assert await targets(client, "ok") == ["good-2"]
        assert await targets(client, "bad") == ["good-1", "good-2"]
        assert "identity_incomplete" in codes((await get(client, "/v1/vms/ok/targets/bad"))["reasons"])
        assert await metric(client, "roadstead_hosts_unreadable") == 1
        assert await metric(client, "roadstead_hosts_identity_incomplete") == 1


@every_host_damage
async def test_no_vm_comes_to_a_host_that_cannot_be_read(settings: Settings, damage: Damage) -> None:
    await populated(settings)
    await damaged(settings, damage)
    async with serving(settings) as client:
        await put_vm(client, "new")
        guest = {"discovers_implementations": True}
        for body in ({"host": "bad"}, {"host": "bad", "cpus": "0-3"}):
            for answer in (
                await client.post("/v1/vms/new/boots", json=body),
                await client.post("/v1/placements:preview", json={**body, "guest": guest}),
            ):
                assert "identity_incomplete" in codes(refused(answer, 409, "boot_refused")["reasons"])
        answer = await client.post("/v1/vms/ok/migrations", json={"target": "bad"})
        assert "identity_incomplete" in codes(refused(answer, 409, "not_a_target")["reasons"])


@pytest.mark.parametrize("what", HOST_DAMAGES)
async def test_vms_on_registers_that_cannot_be_read_are_exposed_until_they_leave(settings: Settings, what: str) -> None:
    exposed = [] if what in OF_THE_ROW else ["bad"]
    await populated(settings)
    await damaged(settings, HOST_DAMAGES[what])
    async with serving(settings) as client:
        assert [each["name"] for each in (await get(client, "/v1/vms"))["items"] if each["exposed"]] == exposed
        assert [each["name"] for each in (await get(client, "/v1/vms", exposed="true"))["items"]] == exposed
        assert await metric(client, "roadstead_vms_exposed") == len(exposed)
        await close(client, await admit(client, "bad", "good-2"), "complete")
        assert (await get(client, "/v1/vms/bad"))["exposed"] is False
        assert (await client.delete("/v1/hosts/bad")).status_code == 204
        done(await client.get("/v1/hosts/bad/history"), 200)
        assert await metric(client, "roadstead_hosts_unreadable") == 0


@pytest.mark.parametrize("what", OF_REGISTERS)
async def test_a_vm_is_adopted_and_completed_on_a_host_that_cannot_be_read(settings: Settings, what: str) -> None:
    """Both are facts, and never refused; the VM is exposed there."""
    await populated(settings)
    async with serving(settings) as client:
        migration = await admit(client, "ok", "bad")
        await put_vm(client, "new")
    await damaged(settings, HOST_DAMAGES[what])
    async with serving(settings) as client:
        verified = await client.post(f"/v1/migrations/{migration['id']}:verify")
        assert codes(refused(verified, 409, "not_a_target")["reasons"]) == ["identity_incomplete"]
        await close(client, migration, "complete")
        await boot(client, "new", "bad", adopt={"mode": "homogeneous", "implementations": [group(N1)]})
        assert [(await get(client, f"/v1/vms/{vm}"))["exposed"] for vm in ("ok", "new")] == [True, True]


async def by_put(client: httpx.AsyncClient, cpus: Json) -> None:
    await put_host(client, "bad", cpus, labels={"zone": "a"})


async def by_import(client: httpx.AsyncClient, cpus: Json) -> None:
    line = httpx.Request("PUT", "http://x", json={"name": "bad", **host(cpus, labels={"zone": "a"})}).content
    done(await import_hosts(client, line), 200)


async def by_patch(client: httpx.AsyncClient, cpus: Json) -> None:
    await patch_host(client, "bad", cpus=[cpus])


@pytest.mark.parametrize("mended", [by_put, by_import, by_patch])
@pytest.mark.parametrize("cpus", [BAD, group(N1, "0-15")], ids=["as before", "others"])
@pytest.mark.parametrize("what", OF_REGISTERS)
async def test_the_next_report_mends_the_registers_of_a_host_for_every_worker(
    settings: Settings, what: str, mended: Callable[[httpx.AsyncClient, Json], Any], cpus: Json
) -> None:
    await populated(settings)
    await damaged(settings, HOST_DAMAGES[what])
    async with serving(settings) as one, serving(settings) as two:
        for worker in (one, two):
            assert await targets(worker, "ok") == ["good-2"]
        await mended(one, cpus)
        for worker in (one, two):
            assert await targets(worker, "ok") == ["bad", "good-2"]
            assert (await get(worker, "/v1/vms/bad"))["exposed"] is False
            assert await metric(worker, "roadstead_hosts_unreadable") == 0
    async with serving(settings) as fresh:
        assert not any((await unreadable(fresh)).values())


@every_host_damage
async def test_a_host_is_overwritten_whatever_is_damaged(settings: Settings, damage: Damage) -> None:
    await populated(settings)
    await damaged(settings, damage)
    async with serving(settings) as client:
        await put_host(client, "bad", N1)
        assert await targets(client, "ok") == ["bad", "good-2"]


@pytest.mark.parametrize("what", OF_REGISTERS)
async def test_hosts_that_report_the_same_are_mended_together(settings: Settings, what: str) -> None:
    await populated(settings)
    async with serving(settings) as client:
        await put_host(client, "twin", BAD)
    await damaged(settings, HOST_DAMAGES[what])
    async with serving(settings) as client:
        assert await targets(client, "ok") == ["good-2"]
        await by_put(client, BAD)
        assert await targets(client, "ok") == ["bad", "good-2", "twin"]


async def test_a_patch_of_a_host_that_cannot_be_read_says_what_it_lacks(settings: Settings) -> None:
    await populated(settings)
    await damaged(settings, HOST_DAMAGES["no registers"])
    async with serving(settings) as client:
        problem = refused(await client.patch("/v1/hosts/bad", json={"state": "active"}), 422, "invalid_request")
        assert [each["pointer"] for each in problem["errors"]] == ["/cpus"]


async def test_a_cpulist_that_is_longer_than_may_come_today_is_read(settings: Settings) -> None:
    """An earlier release took it in its strided form, 0-65535:1/2, and stored it written out."""
    cpus = CpuList(sum(1 << cpu for cpu in range(0, 65_536, 2)))
    digest = identity_digest(Identity((CpuGroup(cpus, ReportedImplementation(*N1)),)))
    await populated(settings)
    async with working(settings) as worker, worker.database.writing() as tx:
        row = {"digest": digest, "position": 0, "cpu_list": str(cpus), "midr": N1[0], "revidr": N1[1], "aidr": N1[2]}
        await tx.connection.execute(identities.insert().values(digest=digest))
        await tx.connection.execute(identity_groups.insert().values(row))
        await tx.connection.execute(update(hosts).where(hosts.c.name == "bad").values(identity=digest))
    async with serving(settings) as client:
        assert (await get(client, "/v1/hosts/bad"))["cpus"][0]["cpu_list"] == str(cpus)
        assert await targets(client, "ok") == ["bad", "good-2"]
        assert await metric(client, "roadstead_hosts_unreadable") == 0
        await stop(client, "bad")
        assert (await client.delete("/v1/hosts/bad")).status_code == 204


async def test_json_that_is_none_is_set_aside_on_sqlite(settings: Settings) -> None:
    """PostgreSQL takes none."""
    if not settings.on_sqlite:
        pytest.skip("PostgreSQL checks JSON itself")
    await populated(settings)
    async with working(settings) as worker, worker.database.writing() as tx:
        await tx.connection.exec_driver_sql("UPDATE hosts SET labels = '{' WHERE name = 'bad'")
        await tx.connection.exec_driver_sql("UPDATE vms SET placement = '{' WHERE name = 'bad'")
    async with serving(settings) as client:
        assert await unreadable(client) == {"bad": True, "good-1": False, "good-2": False}
        assert [each["name"] for each in (await get(client, "/v1/vms"))["items"]] == ["ok"]
        assert await metric(client, "roadstead_vms_unreadable") == 1
        refused(await client.get("/v1/vms/bad"), 409, "record_unreadable")


# VMs.


@pytest.fixture
async def _with_vms(settings: Settings) -> None:
    """VMs of which one is to be damaged; their lists have nothing in common."""
    async with serving(settings) as client:
        await put_host(client, "good-1", N1)
        await put_host(client, "good-2", N1)
        for name in ("a", "bad", "ok"):
            await put_vm(client, name)
        await boot(client, "bad", "good-1")


async def list_vms(client: httpx.AsyncClient) -> list[str]:
    """Every VM, page by page."""
    names, cursor = [], ""
    while cursor is not None:
        page = await get(client, "/v1/vms", limit=1, **({"cursor": cursor} if cursor else {}))
        names += [each["name"] for each in page["items"]]
        cursor = page["next_cursor"]
    return names


VM_DAMAGES = BOOT_DAMAGES | DEFINITION_DAMAGES


@pytest.mark.usefixtures("_with_vms")
@pytest.mark.parametrize("damage", VM_DAMAGES.values(), ids=VM_DAMAGES)
async def test_a_vm_that_cannot_be_read_stops_no_answer_about_others(settings: Settings, damage: Damage) -> None:
    await damaged(settings, damage)
    async with serving(settings) as client:
        assert await list_vms(client) == ["a", "ok"]
        for path in ("", "/boots", "/targets", "/targets/good-2", "/rejections"):
            refused(await client.get(f"/v1/vms/bad{path}"), 409, "record_unreadable")
        assert await metric(client, "roadstead_vms_unreadable") == 1
        assert (await client.get("/v1/vms?exposed=true")).json()["items"] == []
        answer = await client.post("/v1/vms/bad/migrations", json={"target": "good-2"})
        refused(answer, 409, "record_unreadable")
        refused(await client.delete("/v1/vms/bad"), 409, "record_unreadable")
        refused(await client.delete("/v1/hosts/good-1"), 409, "host_in_use")
        await put_host(client, "good-3", N2)
        await boot(client, "ok", "good-3")


@pytest.mark.usefixtures("_with_vms")
@pytest.mark.parametrize("damage", BOOT_DAMAGES.values(), ids=BOOT_DAMAGES)
async def test_a_damaged_boot_is_stopped_and_adopted(settings: Settings, damage: Damage) -> None:
    await damaged(settings, damage)
    async with serving(settings) as client:
        for path in ("boots/1", "implementation-list", "hypercalls", "implementation-list/effects"):
            refused(await client.get(f"/v1/vms/bad/{path}"), 409, "record_unreadable")
        stale = await client.post("/v1/vms/bad/stop", headers={"If-Match": '"1-1-covered"'})
        refused(stale, 412, "stale_revision")
        assert (await stop(client, "bad"))["state"] == "defined"
        assert (await get(client, "/v1/vms/bad/boots"))["items"] == []
        exposed = {"mode": "discoverable", "implementations": [{"midr": "0x410fd490", "revidr": "0x0", "aidr": "0x0"}]}
        assert (await boot(client, "bad", "good-1", adopt=exposed))["boot"] == 2
        assert [each["boot"] for each in (await get(client, "/v1/vms/bad/boots", limit=1))["items"]] == []
        assert [each["boot"] for each in (await get(client, "/v1/vms/bad/boots"))["items"]] == [2]
        assert await list_vms(client) == ["a", "bad", "ok"]


@pytest.mark.usefixtures("_with_vms")
@pytest.mark.parametrize("damage", DEFINITION_DAMAGES.values(), ids=DEFINITION_DAMAGES)
async def test_a_damaged_definition_is_overwritten(settings: Settings, damage: Damage) -> None:
    await damaged(settings, damage)
    async with serving(settings) as client:
        body = {"guest": {"discovers_implementations": True}}
        create = await client.put("/v1/vms/bad", json=body, headers={"If-None-Match": "*"})
        refused(create, 412, "already_exists")
        rehearsed = done(await client.put("/v1/vms/bad", json=body, params={"dry_run": "true"}))
        refused(await client.get("/v1/vms/bad"), 409, "record_unreadable")
        assert await put_vm(client, "bad") == rehearsed
        assert rehearsed["state"] == "running"
        assert await list_vms(client) == ["a", "bad", "ok"]
        assert await targets(client, "bad") == ["good-2"]


@pytest.mark.usefixtures("_with_vms")
async def test_a_damaged_boot_of_a_vm_that_migrates_stays_where_it_is(settings: Settings) -> None:
    async with serving(settings) as client:
        await admit(client, "bad", "good-2")
    await damaged(settings, BOOT_DAMAGES["own entries"])
    async with serving(settings) as client:
        refused(await client.post("/v1/vms/bad/stop"), 409, "record_unreadable")
        refused(await client.delete("/v1/hosts/good-1"), 409, "host_in_use")


@pytest.mark.usefixtures("_with_vms")
async def test_a_list_that_cannot_be_read(settings: Settings) -> None:
    async with serving(settings) as client:
        digest = (await get(client, "/v1/vms/bad"))["implementation_list"]
    await damaged(settings, BOOT_DAMAGES["another list"])
    async with serving(settings) as client:
        refused(await client.get(f"/v1/implementation-lists/{digest}"), 409, "record_unreadable")
        refused(await client.get(f"/v1/implementation-lists/{digest}/effects"), 409, "record_unreadable")


@pytest.mark.usefixtures("_with_vms")
async def test_a_migration_that_cannot_be_read(settings: Settings) -> None:
    async with serving(settings) as client:
        first = await admit(client, "bad", "good-2")
        await close(client, first, "fail")
        second = await admit(client, "bad", "good-2")
    await damaged(settings, update(migrations).where(migrations.c.id == first["id"]).values(state="lost"))
    async with serving(settings) as client:
        page = await get(client, "/v1/migrations", limit=1)
        assert page["items"] == []
        page = await get(client, "/v1/migrations", cursor=page["next_cursor"])
        assert [each["id"] for each in page["items"]] == [second["id"]]
        refused(await client.get(f"/v1/migrations/{first['id']}"), 409, "record_unreadable")
        for how in ("verify", "complete", "fail"):
            refused(await client.post(f"/v1/migrations/{first['id']}:{how}"), 409, "record_unreadable")
        await close(client, second, "complete")
