"""A VM that ran before the service knew of it is sealed with exactly what its VMM exposes."""

import httpx
import pytest

from tests.api.talk import (
    N1,
    N1_NEW,
    N2,
    V1,
    Json,
    Triple,
    admit,
    boot,
    codes,
    done,
    get,
    group,
    pointers,
    put_host,
    put_vm,
    refused,
    stop,
    triples,
)

pytestmark = pytest.mark.anyio

AMPERE_ONE: Triple = (0xC00FAC30, 0, 0)
"""Capable of BBM level 3, as the others are not."""


async def adopt(
    client: httpx.AsyncClient, on: str, *implementations: Triple, mode: str = "discoverable", vm: str = "vm-1"
) -> httpx.Response:
    exposed = {"mode": mode, "implementations": [group(each) for each in implementations]}
    return await client.post(f"/v1/vms/{vm}/boots", json={"host": on, "adopt": exposed})


async def test_exactly_what_is_exposed_is_sealed(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_host(client, "h2", V1)
    await put_vm(client, "vm-1")
    answer = await adopt(client, "h1", N2, N1, N1_NEW)
    sealed = done(answer, 201)
    assert answer.headers["Location"] == "/v1/vms/vm-1/boots/1"
    assert triples(sealed["implementations"]) == [N2, N1, N1_NEW]
    assert (sealed["adopted"], sealed["mode"], sealed["mode_reasons"], sealed["host"]) == (
        True,
        "discoverable",
        [],
        "h1",
    )
    shown = await get(client, "/v1/vms/vm-1")
    assert (shown["state"], shown["host"], shown["exposed"]) == ("running", "h1", False)
    assert shown["implementation_list"] == sealed["digest"]


async def test_a_list_is_the_same_however_it_came_to_be(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_host(client, "h2", N2)
    for name in ("booted", "adopted"):
        await put_vm(client, name)
    booted = await boot(client, "booted", "h1")
    adopted = done(await adopt(client, "h1", N1, N2, vm="adopted"))
    assert adopted["digest"] == booted["digest"]


async def test_a_vm_on_a_host_that_is_not_covered_is_exposed_from_the_start(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_host(client, "h2", N2)
    await put_vm(client, "vm-1")
    done(await adopt(client, "h1", N2, V1))
    shown = await get(client, "/v1/vms/vm-1")
    assert shown["exposed"] is True
    assert "exposed" in [warning["code"] for warning in shown["warnings"]]
    # The way out: a host that is on its list.
    targets = await get(client, "/v1/vms/vm-1/targets")
    assert [item["host"] for item in targets["items"]] == ["h2"]


async def test_a_vm_on_a_host_with_unknown_registers_is_exposed(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", (N1[0], 0, None))
    await put_vm(client, "vm-1")
    done(await adopt(client, "h1", N1))
    assert (await get(client, "/v1/vms/vm-1"))["exposed"] is True


@pytest.mark.parametrize(
    "fields", [{"state": "retired"}, {"state": "planned"}, {"capabilities": {}}, {"labels": {"zone": "b"}}]
)
async def test_nothing_but_an_unknown_host_is_refused(client: httpx.AsyncClient, fields: Json) -> None:
    """It runs there, whether it should or not."""
    await put_host(client, "h1", group(N1, "0-3"), group(V1, "4-7"), **fields)
    await put_vm(
        client, "vm-1", {"selector": {"match_labels": {"zone": "a"}}, "max_implementations": 1}, discovers=False
    )
    sealed = done(await adopt(client, "h1", N1, V1, N2), 201)
    assert sealed["count"] == 3
    await stop(client, "vm-1")
    refused(await adopt(client, "h2", N1), 404, "host_not_found")


async def test_a_vm_that_is_known_to_run_is_not_adopted(client: httpx.AsyncClient) -> None:
    for name in ("h1", "h2"):
        await put_host(client, name)
    await put_vm(client, "vm-1")
    refused(await adopt(client, "h1", N1, vm="vm-2"), 404, "vm_not_found")
    await boot(client, "vm-1", "h1")
    refused(await adopt(client, "h1", N1), 409, "vm_running")
    await admit(client, "vm-1", "h2")
    refused(await adopt(client, "h1", N1), 409, "vm_migrating")


async def test_homogeneous_adoption(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1, capabilities={"writable_id_registers": True})
    await put_host(client, "h2", N1)
    await put_host(client, "h3", N2)
    await put_vm(client, "vm-1", discovers=False)
    sealed = done(await adopt(client, "h1", N1, mode="homogeneous"), 201)
    assert (sealed["mode"], triples(sealed["implementations"])) == ("homogeneous", [N1])
    assert sealed["mode_reasons"] == ["guest_cannot_discover", "lacks_discovery_hypercalls"]
    assert (await get(client, "/v1/vms/vm-1/targets"))["total"] == 1
    verdict = await get(client, "/v1/vms/vm-1/targets/h3")
    assert codes(verdict["reasons"]) == ["implementation_not_listed", "guest_cannot_discover"]


async def test_a_vm_that_is_pinned_is_exposed_by_its_cpus_alone(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", group(N1, "0-3"), group(V1, "4-7"))
    exposed = {"mode": "discoverable", "implementations": [group(N1)]}
    for name, cpus, is_exposed in (("little", "0-3", False), ("large", "4-7", True), ("absent", "0-3,8", True)):
        await put_vm(client, name)
        body = {"host": "h1", "cpus": cpus, "adopt": exposed}
        sealed = done(await client.post(f"/v1/vms/{name}/boots", json=body), 201)
        assert sealed["cpus"] == cpus
        assert (await get(client, f"/v1/vms/{name}"))["exposed"] is is_exposed


async def test_an_accepted_hazard_of_what_is_exposed_is_shown(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1")
    await put_vm(client, "vm-1", {"accept_hazards": ["ARM64_HAS_BBML3", "ARM64_SPECTRE_V2"]})
    sealed = done(await adopt(client, "h1", N1, AMPERE_ONE), 201)
    assert sealed["accepted_hazards"] == ["ARM64_HAS_BBML3"]
    assert (await get(client, "/v1/vms/vm-1/targets"))["accepted_hazards"] == ["ARM64_HAS_BBML3"]


async def test_a_guest_that_does_not_ask_is_warned_about(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1")
    await put_vm(client, "vm-1", discovers=False)
    done(await adopt(client, "h1", N1, N2))
    shown = await get(client, "/v1/vms/vm-1")
    assert [warning["code"] for warning in shown["warnings"]] == ["list_not_discovered"]


async def test_faulty_adoptions(client: httpx.AsyncClient) -> None:
    def exposed(**fields: object) -> Json:
        return {"mode": "discoverable", "implementations": [group(N1)]} | fields

    for body, pointer in (
        ({"adopt": exposed(mode="other")}, "/adopt/mode"),
        ({"adopt": exposed(implementations=[])}, "/adopt/implementations"),
        ({"adopt": exposed(implementations=[group((N1[0], 0, None))])}, "/adopt/implementations/0/aidr"),
        ({"adopt": exposed(implementations=[group(N1, "0-3")])}, "/adopt/implementations/0/cpu_list"),
        ({"adopt": exposed(mode="homogeneous", implementations=[group(N1), group(N2)])}, "/adopt"),
        ({"adopt": {"implementations": [group(N1)]}}, "/adopt/mode"),
        ({"adopt": {"mode": "discoverable"}}, "/adopt/implementations"),
        ({"adopt": exposed(digest="x")}, "/adopt/digest"),
    ):
        assert pointers(await client.post("/v1/vms/vm-1/boots", json={"host": "h1", **body})) == [pointer]
