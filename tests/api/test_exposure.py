"""A running guest that was not told of the CPUs under it is exposed, at once and for as long."""

import httpx
import pytest
from sqlalchemy import update

from app.settings import Settings
from app.storage.database import create_engine
from app.storage.tables import vms
from tests.api.talk import (
    N1,
    N2,
    V1,
    Json,
    Triple,
    admit,
    boot,
    close,
    get,
    group,
    patch_host,
    put_host,
    put_vm,
    refused,
    stop,
)

pytestmark = pytest.mark.anyio

UNKNOWN: Triple = (N1[0], 0, None)


async def exposed(client: httpx.AsyncClient, name: str = "vm-1") -> bool:
    shown = await get(client, f"/v1/vms/{name}")
    assert ("exposed" in [warning["code"] for warning in shown["warnings"]]) == shown["exposed"]
    assert shown in (await get(client, "/v1/vms"))["items"]
    return bool(shown["exposed"])


async def report(client: httpx.AsyncClient, *groups: Json | Triple, name: str = "h1") -> None:
    cpus = [group(each) if isinstance(each, tuple) else each for each in groups]
    await patch_host(client, name, cpus=cpus)


async def test_registers_that_change_under_a_vm(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_host(client, "h2", N2)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    for groups, expected in (
        ((V1,), True),
        ((N1,), False),
        ((UNKNOWN,), True),
        # Listed, though the host never had it before.
        ((N2,), False),
        ((group(N1, "0-3"), group(V1, "4-7")), True),
        ((group(N1, "0-3"), group(N2, "4-7")), False),
        ((group(N1, "0-3"), group(UNKNOWN, "4-7")), True),
        (((N1[0], 1, 0),), True),
        (((N1[0], 0, 1),), True),
        (((N1[0] | 1 << 40, 0, 0),), True),
        ((N1,), False),
    ):
        await report(client, *groups)
        assert await exposed(client) is expected, groups


async def test_only_vms_on_the_host_are_concerned(client: httpx.AsyncClient) -> None:
    for name in ("h1", "h2"):
        await put_host(client, name)
    for name, on in (("vm-1", "h1"), ("vm-2", "h2"), ("vm-3", "h1")):
        await put_vm(client, name)
        await boot(client, name, on)
    await put_vm(client, "defined")
    await report(client, V1)
    assert [await exposed(client, name) for name in ("vm-1", "vm-2", "vm-3", "defined")] == [True, False, True, False]


async def test_what_is_no_register_exposes_nobody(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    await patch_host(client, "h1", state="retired", capabilities=None, labels={"zone": "other"}, kernel_release="4.4")
    assert await exposed(client) is False


async def test_a_move_ends_exposure_and_a_move_back_does_not_bring_it(client: httpx.AsyncClient) -> None:
    for name in ("h1", "h2"):
        await put_host(client, name)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    await report(client, V1)
    migration = await admit(client, "vm-1", "h2")
    assert await exposed(client) is True
    await close(client, migration, "complete")
    assert await exposed(client) is False
    await report(client, N1)
    await close(client, await admit(client, "vm-1", "h1"), "complete")
    assert await exposed(client) is False


async def test_a_failed_move_leaves_it_exposed(client: httpx.AsyncClient) -> None:
    for name in ("h1", "h2"):
        await put_host(client, name)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    await report(client, V1)
    await close(client, await admit(client, "vm-1", "h2"), "fail")
    assert await exposed(client) is True


async def test_stopping_ends_exposure_and_booting_anew_seals_what_is_there(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    await report(client, V1)
    assert await exposed(client) is True
    await stop(client, "vm-1")
    assert await exposed(client) is False
    await boot(client, "vm-1", "h1")
    assert await exposed(client) is False


async def test_a_pinned_vm_is_concerned_by_its_own_cpus_only(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", group(N1, "0-3"), group(V1, "4-7"))
    await put_vm(client, "vm-1", discovers=False)
    await boot(client, "vm-1", "h1", cpus="0-3")
    for groups, expected in (
        ((group(N1, "0-3"), group(V1, "4-7")), False),
        ((group(N1, "0-3"), group(N2, "4-7")), False),
        ((group(N1, "0-3"), group(UNKNOWN, "4-7")), False),
        ((group(N1, "0-2"), group(V1, "3-7")), True),
        ((group(N1, "0-2"),), True),
        ((group(N1, "0-2"), group(UNKNOWN, "3")), True),
        ((group(N1, "0-3"),), False),
        ((N1,), False),
        ((V1,), True),
    ):
        await report(client, *groups)
        assert await exposed(client) is expected, groups


async def test_on_another_host_a_pinned_vm_is_concerned_by_every_cpu(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", group(N1, "0-3"), group(N2, "4-7"))
    await put_host(client, "h2", N1)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1", cpus="0-3")
    await close(client, await admit(client, "vm-1", "h2"), "complete")
    await report(client, group(N1, "0-3"), group(V1, "4-7"), name="h2")
    assert await exposed(client) is True
    await report(client, group(N1, "0-3"), group(N2, "4-7"), name="h2")
    assert await exposed(client) is False


@pytest.mark.parametrize("made_anew", [False, True])
async def test_a_pinned_vm_that_comes_home_is_concerned_by_every_cpu(
    client: httpx.AsyncClient,
    made_anew: bool,
) -> None:
    """The pin was of the boot. Where it arrives the VM may run anywhere, also on the host where it booted."""
    mixed = group(N1, "0-3"), group(V1, "4-7")
    await put_host(client, "h1", *mixed)
    await put_host(client, "h2", N1)
    await put_vm(client, "vm-1", discovers=False)
    await boot(client, "vm-1", "h1", cpus="0-3")
    await close(client, await admit(client, "vm-1", "h2"), "complete")
    if made_anew:
        assert (await client.delete("/v1/hosts/h1")).status_code == 204
    await put_host(client, "h1", N1)
    home = await admit(client, "vm-1", "h1")
    await report(client, *mixed)
    assert await exposed(client) is False
    refused(await client.post(f"/v1/migrations/{home['id']}:verify"), 409, "not_a_target")
    await close(client, home, "complete")
    assert await exposed(client) is True
    await report(client, N1)
    assert await exposed(client) is False
    await report(client, *mixed)
    assert [each["name"] for each in (await get(client, "/v1/vms", exposed=True))["items"]] == ["vm-1"]
    assert "roadstead_vms_exposed 1.0" in (await client.get("/metrics")).text
    # Booted anew, it is pinned anew.
    await stop(client, "vm-1")
    await boot(client, "vm-1", "h1", cpus="0-3")
    assert await exposed(client) is False


async def test_pinned_alike_on_one_host_one_has_moved_and_one_has_not(client: httpx.AsyncClient) -> None:
    mixed = group(N1, "0-3"), group(V1, "4-7")
    await put_host(client, "h1", *mixed)
    await put_host(client, "h2", N1)
    for name in ("vm-1", "vm-2"):
        await put_vm(client, name, discovers=False)
        await boot(client, name, "h1", cpus="0-3")
    await report(client, N1)
    for host in ("h2", "h1"):
        await close(client, await admit(client, "vm-1", host), "complete")
    await report(client, *mixed)
    assert [await exposed(client, name) for name in ("vm-1", "vm-2")] == [True, False]
    assert [each["name"] for each in (await get(client, "/v1/vms", exposed=True))["items"]] == ["vm-1"]
    assert "roadstead_vms_exposed 1.0" in (await client.get("/metrics")).text


async def test_a_failed_move_leaves_it_pinned(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", group(N1, "0-3"), group(V1, "4-7"))
    await put_host(client, "h2", N1)
    await put_vm(client, "vm-1", discovers=False)
    await boot(client, "vm-1", "h1", cpus="0-3")
    await close(client, await admit(client, "vm-1", "h2"), "fail")
    assert await exposed(client) is False


async def test_a_move_by_the_release_before(client: httpx.AsyncClient, settings: Settings) -> None:
    """It does not write down that the VM has moved, and may go on for a while beside this release."""
    mixed = group(N1, "0-3"), group(V1, "4-7")
    await put_host(client, "h1", *mixed)
    await put_host(client, "h2", N1)
    await put_vm(client, "vm-1", discovers=False)
    await boot(client, "vm-1", "h1", cpus="0-3")
    await close(client, await admit(client, "vm-1", "h2"), "complete")
    engine = create_engine(settings)
    async with engine.begin() as connection:
        await connection.execute(update(vms).values(moved=False))
    await engine.dispose()
    await report(client, *mixed, name="h2")
    assert await exposed(client) is True
    assert [each["name"] for each in (await get(client, "/v1/vms", exposed=True))["items"]] == ["vm-1"]
