"""A running guest that was not told of the CPUs under it is exposed, at once and for as long."""

import httpx
import pytest

from tests.api.talk import N1, N2, V1, Json, Triple, admit, boot, close, get, group, patch_host, put_host, put_vm, stop

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
