"""What contradicts itself or the facts is taken, and warned of in the answer."""

import httpx
import pytest

from tests.api.talk import N1, N2, Json, boot, codes, done, get, group, host, patch_host, put_host, put_vm, stop

pytestmark = pytest.mark.anyio

WIDE = (N1[0] | 1 << 40, 0, 0)
OLD: Json = {"discovers_implementations": True, "kernel_release": "5.10.0"}


def warned(answer: Json) -> list[str]:
    assert all(each["detail"] for each in answer["warnings"])
    return codes(answer["warnings"])


async def test_hosts(client: httpx.AsyncClient) -> None:
    assert warned(await put_host(client, "h1")) == []
    assert warned(await put_host(client, "h1", WIDE)) == ["wide_midr"]
    assert warned(await patch_host(client, "h1", kernel_release="6.8")) == [
        "wide_midr",
        "kernel_lacks_writable_id_registers",
        "kernel_lacks_discovery_hypercalls",
    ]
    shown = await get(client, "/v1/hosts/h1")
    assert shown in (await get(client, "/v1/hosts"))["items"]
    assert len(warned(shown)) == 3
    body = host(group(N1, "0-31"), capacity={"vcpus": 64, "memory_mib": 1024})
    rehearsed = done(await client.put("/v1/hosts/h2", json=body, params={"dry_run": "true"}))
    assert warned(rehearsed) == ["more_vcpus_than_cpus"]


async def test_boots_and_previews(client: httpx.AsyncClient) -> None:
    for name in ("h1", "h2"):
        await put_host(client, name)
    placement = {"accept_hazards": ["UNHEARD_OF"]}
    expected = ["kernel_cannot_discover", "unknown_hazard"]
    assert warned(await put_vm(client, "vm-1", placement, guest=OLD)) == expected
    question = {"host": "h1", "placement": placement, "guest": OLD}
    assert warned(done(await client.post("/v1/placements:preview", json=question))) == expected
    sealed = await boot(client, "vm-1", "h1")
    assert warned(sealed) == expected
    assert {**await get(client, "/v1/vms/vm-1/boots/1"), "warnings": sealed["warnings"]} == sealed
    assert warned(await stop(client, "vm-1")) == expected


async def test_a_boot_tells_what_is_odd_about_its_host(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", WIDE)
    await put_vm(client, "vm-1")
    assert warned(await boot(client, "vm-1", "h1")) == ["wide_midr"]


async def test_where_there_is_nothing_to_say_a_boot_says_nothing(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1")
    await put_vm(client, "vm-1")
    sealed = await boot(client, "vm-1", "h1")
    assert "warnings" not in sealed
    assert await get(client, "/v1/vms/vm-1/boots/1") == sealed


async def test_an_adoption_says_at_once_that_the_vm_is_exposed(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1")
    await put_vm(client, "vm-1")
    told = {"mode": "discoverable", "implementations": [group(N2)]}
    assert warned(await boot(client, "vm-1", "h1", adopt=told)) == ["exposed"]
