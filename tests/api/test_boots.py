"""A boot seals the list of everything the guest may ever meet."""

import hashlib
import struct
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app.settings import Settings
from tests.api.talk import (
    N1,
    N1_NEW,
    N2,
    V1,
    V2,
    Json,
    Triple,
    admit,
    boot,
    codes,
    get,
    group,
    patch_host,
    pointers,
    put_host,
    put_vm,
    refused,
    stop,
    triples,
    unheard_of,
    vm,
)
from tests.serving import serving

pytestmark = pytest.mark.anyio


async def refused_boot(client: httpx.AsyncClient, on: str = "h1", code: str = "boot_refused") -> Json:
    return refused(await client.post("/v1/vms/vm-1/boots", json={"host": on}), 409, code)


async def test_what_a_boot_answers(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_host(client, "h2", N2)
    await put_vm(client, "vm-1")
    before = datetime.now(UTC)
    answer = await client.post("/v1/vms/vm-1/boots", json={"host": "h1"})
    assert answer.status_code == 201
    assert answer.headers["Location"] == "/v1/vms/vm-1/boots/1"
    sealed = answer.json()
    assert before <= datetime.fromisoformat(sealed.pop("sealed_at")) <= datetime.now(UTC)
    zero = "0x0000000000000000"
    first = {"midr": "0x00000000413fd0c1", "revidr": zero, "aidr": zero}
    second = {"midr": "0x00000000410fd490", "revidr": zero, "aidr": zero}
    assert sealed == {
        "vm": "vm-1",
        "boot": 1,
        "host": "h1",
        "cpus": None,
        "adopted": False,
        "fleet_revision": 2,
        "mode": "discoverable",
        "mode_reasons": [],
        "version": "1.0",
        "count": 2,
        "vcpu_identity": first,
        "implementations": [
            {"index": 0, **first, "name": "Arm Neoverse N1 r3p1"},
            {"index": 1, **second, "name": "Arm Neoverse N2 r0p0"},
        ],
        "digest": "sha256:" + hashlib.sha256(struct.pack(">6Q", *N1, *N2)).hexdigest(),
        "left_out": [],
        "accepted_hazards": [],
    }


async def test_the_host_s_own_come_first_and_the_others_ascend(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", group(V2, "4-7"), group(N2, "0-3"))
    everywhere: list[Triple] = [
        V1,
        (N1[0], 2**63, 0),
        N1,
        N1_NEW,
        N2,
        (N1[0], 0, 2**64 - 1),
        (2**63 | V2[0], 0, 0),
        unheard_of(1),
    ]
    for number, implementation in enumerate(everywhere):
        await put_host(client, f"x{number}", implementation)
    await put_host(client, "twice", group(N1, "0"), group(V2, "1"))
    await put_vm(client, "vm-1")
    sealed = await boot(client, "vm-1", "h1")
    assert triples(sealed["implementations"]) == [N2, V2, *sorted(set(everywhere) - {N2})]
    assert [entry["index"] for entry in sealed["implementations"]] == list(range(9))
    assert triples([sealed["vcpu_identity"]]) == [N2]


async def test_the_order_of_insertion_does_not_matter(client: httpx.AsyncClient) -> None:
    hosts = {"h1": N1, "h2": V1, "h3": N2, "h4": N1_NEW}
    digests = set()
    for names in (list(hosts), list(reversed(hosts)), ["h3", "h1", "h4", "h2"]):
        for name in hosts:
            await client.delete(f"/v1/hosts/{name}")
        for name in names:
            await put_host(client, name, hosts[name])
        await put_vm(client, "vm-1")
        digests.add((await boot(client, "vm-1", "h1"))["digest"])
        await stop(client, "vm-1")
    assert len(digests) == 1


async def test_the_universe_of_a_boot(client: httpx.AsyncClient) -> None:
    """Hosts in any state but retired, also unable ones, that the placement allows, with complete identity."""
    counted = {"planned": unheard_of(1), "cordoned": unheard_of(2), "maintenance": unheard_of(3)}
    await put_host(client, "h1", N1)
    for state, implementation in counted.items():
        await put_host(client, state, implementation, state=state)
    await put_host(client, "unable", unheard_of(4), capabilities={})
    await put_host(client, "retired", unheard_of(5), state="retired")
    await put_host(client, "incomplete", group(unheard_of(6), "0"), group((N1[0], 0, None), "1"))
    await put_host(client, "excluded", unheard_of(8))
    await put_vm(client, "vm-1", {"exclude_hosts": ["excluded"]})
    sealed = await boot(client, "vm-1", "h1")
    assert triples(sealed["implementations"]) == [N1, *map(unheard_of, (1, 2, 3, 4))]


LABELS = {"h1": {"zone": "a", "rack": "1"}, "h2": {"zone": "a"}, "h3": {"zone": "b", "rack": "2"}, "h4": {}}


PLACEMENTS: list[tuple[Json | list[tuple[str, str, list[str]]], str]] = [
    ({}, "h1 h2 h3 h4"),
    ({"selector": None}, "h1 h2 h3 h4"),
    ({"selector": {}}, "h1 h2 h3 h4"),
    ({"selector": {"match_labels": {"zone": "a"}}}, "h1 h2"),
    ({"selector": {"match_labels": {"zone": "a", "rack": "1"}}}, "h1"),
    ([("zone", "In", ["a", "b"])], "h1 h2 h3"),
    ([("zone", "NotIn", ["b"])], "h1 h2 h4"),
    ([("rack", "Exists", [])], "h1 h3"),
    ([("rack", "DoesNotExist", [])], "h2 h4"),
    ([("zone", "In", ["a"]), ("rack", "DoesNotExist", [])], "h2"),
    ({"include_hosts": ["h1", "h3", "nowhere"]}, "h1 h3"),
    ({"include_hosts": []}, "h1 h2 h3 h4"),
    ({"exclude_hosts": ["h2", "nowhere"]}, "h1 h3 h4"),
    ({"include_hosts": ["h1", "h2"], "exclude_hosts": ["h2"]}, "h1"),
    ({"include_hosts": ["h1", "h3"], "selector": {"match_labels": {"zone": "a"}}}, "h1"),
]
"""Placements, those of expressions alone by their keys, operators and values, and the hosts that each allows."""


async def test_placements(client: httpx.AsyncClient) -> None:
    for number, (name, labels) in enumerate(LABELS.items()):
        await put_host(client, name, unheard_of(number + 1), labels=labels)
    for given, allowed in PLACEMENTS:
        placement = given if isinstance(given, dict) else expressions(given)
        for name in LABELS:
            body = {"host": name, "placement": placement, "guest": {"discovers_implementations": True}}
            answer = await client.post("/v1/placements:preview", json=body)
            if name in allowed.split():
                listed = triples(answer.json()["implementation_list"]["implementations"])
                assert sorted(listed) == [unheard_of(int(host.removeprefix("h"))) for host in allowed.split()], given
            else:
                assert codes(refused(answer, 409, "boot_refused")["reasons"]) == ["placement_mismatch"], given


def expressions(conditions: list[tuple[str, str, list[str]]]) -> Json:
    fields = ("key", "operator", "values")
    return {"selector": {"match_expressions": [dict(zip(fields, each, strict=True)) for each in conditions]}}


# Modes.


@pytest.mark.parametrize(
    ("discovers", "capabilities", "reasons"),
    [
        (True, (True, True), []),
        (False, (True, True), ["guest_cannot_discover"]),
        (True, (False, True), ["lacks_writable_id_registers"]),
        (True, (None, True), ["lacks_writable_id_registers"]),
        (True, (True, False), ["lacks_discovery_hypercalls"]),
        (True, (True, None), ["lacks_discovery_hypercalls"]),
        (
            False,
            (None, False),
            ["guest_cannot_discover", "lacks_writable_id_registers", "lacks_discovery_hypercalls"],
        ),
    ],
)
async def test_modes(
    client: httpx.AsyncClient,
    discovers: bool,
    capabilities: tuple[bool | None, bool | None],
    reasons: list[str],
) -> None:
    able = dict(zip(("writable_id_registers", "discovery_hypercalls"), capabilities, strict=True))
    await put_host(client, "h1", N1, capabilities=able)
    await put_host(client, "h2", N2)
    await put_vm(client, "vm-1", discovers=discovers)
    sealed = await boot(client, "vm-1", "h1")
    assert sealed["mode_reasons"] == reasons
    assert sealed["mode"] == ("homogeneous" if reasons else "discoverable")
    assert triples(sealed["implementations"]) == ([N1] if reasons else [N1, N2])
    assert (await get(client, "/v1/vms/vm-1"))["mode"] == sealed["mode"]


# Pinning.


async def test_a_pinned_boot(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", group(N1, "0-3"), group(V1, "4-7"), group(N2, "8-11"))
    await put_vm(client, "vm-1")
    for written, shown, own in (
        ("4-7", "4-7", [V1]),
        ("5", "5", [V1]),
        ("8,2", "2,8", [N1, N2]),
        ("0-11", "0-11", [N1, V1, N2]),
        ("8-11,4", "4,8-11", [V1, N2]),
    ):
        sealed = await boot(client, "vm-1", "h1", cpus=written)
        assert sealed["cpus"] == shown
        assert triples(sealed["implementations"]) == own + sorted({N1, V1, N2} - set(own))
        await stop(client, "vm-1")


async def test_pinning_makes_a_mixed_host_homogeneous(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", group(N1, "0-3"), group(V1, "4-7"))
    await put_vm(client, "vm-1", discovers=False)
    (reason,) = (await refused_boot(client))["reasons"]
    assert reason["code"] == "heterogeneous_host"
    assert "cpus" in reason["remedy"]
    sealed = await boot(client, "vm-1", "h1", cpus="4-7")
    assert (sealed["mode"], triples(sealed["implementations"])) == ("homogeneous", [V1])


async def test_pinning_to_cpus_that_the_host_lacks(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", group(N1, "0-3"))
    await put_vm(client, "vm-1")
    for cpus in ("4", "3-4", "0,100"):
        answer = await client.post("/v1/vms/vm-1/boots", json={"host": "h1", "cpus": cpus})
        assert pointers(answer) == ["/cpus"]
    for faulty in ("", "x", 0, ["0"]):
        answer = await client.post("/v1/vms/vm-1/boots", json={"host": "h1", "cpus": faulty})
        assert pointers(answer) == ["/cpus"]


async def test_pinning_on_a_host_that_told_no_cpulist(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_vm(client, "vm-1")
    assert (await boot(client, "vm-1", "h1", cpus="0-3"))["cpus"] == "0-3"


# Refusals.


@pytest.mark.parametrize("state", ["planned", "cordoned", "maintenance", "retired"])
async def test_a_host_that_is_not_active(client: httpx.AsyncClient, state: str) -> None:
    await put_host(client, "h1", state=state)
    await put_vm(client, "vm-1")
    (reason,) = (await refused_boot(client))["reasons"]
    assert reason["code"] == "host_not_active"
    assert state in reason["detail"]
    assert reason["remedy"]


async def test_an_incomplete_identity(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", group(N1, "0-3"), group((N1[0], 1, None), "4-7"))
    await put_vm(client, "vm-1")
    assert codes((await refused_boot(client))["reasons"]) == ["identity_incomplete"]


async def test_all_reasons_at_once(settings: Settings) -> None:
    async with serving(settings.model_copy(update={"max_inventory_age": timedelta(minutes=15)})) as client:
        long_ago = (datetime.now(UTC) - timedelta(minutes=16)).isoformat()
        mixed = (group((N1[0], 0, None), "0-3"), group(V1, "4-7"))
        await put_host(client, "h1", *mixed, state="maintenance", observed_at=long_ago)
        await put_vm(client, "vm-1", {"include_hosts": ["h2"], "exclude_hosts": ["h1"]}, discovers=False)
        problem = await refused_boot(client)
        assert codes(problem["reasons"]) == [
            "host_not_active",
            "placement_mismatch",
            "identity_incomplete",
            "inventory_stale",
            "heterogeneous_host",
        ]
        assert all(reason["detail"] and reason["remedy"] for reason in problem["reasons"])
        assert (await get(client, "/v1/vms/vm-1"))["state"] == "defined"
        assert (await get(client, "/v1/vms/vm-1/boots"))["items"] == []


async def test_a_second_boot_needs_a_stop(client: httpx.AsyncClient) -> None:
    for name in ("h1", "h2"):
        await put_host(client, name)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    await refused_boot(client, "h2", "vm_running")
    migration = await admit(client, "vm-1", "h2")
    assert (await refused_boot(client, "h2", "vm_migrating"))["migration"] == migration["id"]


async def test_unknown_names(client: httpx.AsyncClient) -> None:
    refused(await client.post("/v1/vms/vm-1/boots", json={"host": "h1"}), 404, "vm_not_found")
    await put_vm(client, "vm-1")
    refused(await client.post("/v1/vms/vm-1/boots", json={"host": "h1"}), 404, "host_not_found")


async def test_unknown_fields(client: httpx.AsyncClient) -> None:
    assert pointers(await client.post("/v1/vms/vm-1/boots", json={"host": "h1", "force": True})) == ["/force"]
    assert pointers(await client.post("/v1/vms/vm-1/boots", json={})) == ["/host"]


async def test_too_many_implementations(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    for number, implementation in enumerate([N2, N2, V1, V2, V2, V2]):
        await put_host(client, f"x{number}", implementation)
    await put_vm(client, "vm-1", {"max_implementations": 3})
    problem = await refused_boot(client, "h1", "too_many_implementations")
    assert (problem["count"], problem["max_implementations"]) == (4, 3)
    assert triples([each["implementation"] for each in problem["candidates"]]) == [V1, N2, V2]
    assert [each["hosts"] for each in problem["candidates"]] == [1, 2, 3]
    await client.put("/v1/vms/vm-1", json=vm({"max_implementations": 4}))
    assert (await boot(client, "vm-1", "h1"))["count"] == 4


async def test_one_implementation_may_be_all_that_is_allowed(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_host(client, "h2", N1)
    await put_vm(client, "vm-1", {"max_implementations": 1})
    assert (await boot(client, "vm-1", "h1"))["count"] == 1


async def test_sixty_four_by_default(client: httpx.AsyncClient) -> None:
    for number in range(65):
        await put_host(client, f"h{number}", (N1[0], number, 0))
    await put_vm(client, "vm-1")
    assert (await refused_boot(client, "h1", "too_many_implementations"))["count"] == 65
    await client.delete("/v1/hosts/h64")
    assert (await boot(client, "vm-1", "h1"))["count"] == 64


# Sealing.


async def test_the_fleet_never_touches_a_sealed_list(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_host(client, "h2", N2)
    await put_vm(client, "vm-1")
    sealed = await boot(client, "vm-1", "h1")
    await put_host(client, "h3", V1)
    await client.delete("/v1/hosts/h2")
    await patch_host(client, "h1", state="retired", capabilities=None)
    assert await get(client, "/v1/vms/vm-1/implementation-list") == sealed
    await patch_host(
        client, "h1", state="active", capabilities={"writable_id_registers": True, "discovery_hypercalls": True}
    )
    await stop(client, "vm-1")
    assert triples((await boot(client, "vm-1", "h1"))["implementations"]) == [N1, V1]


async def test_boots_stay_readable(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_vm(client, "vm-1")
    first = await boot(client, "vm-1", "h1")
    await stop(client, "vm-1")
    await put_host(client, "h2", N2)
    second = await boot(client, "vm-1", "h2")
    await stop(client, "vm-1")
    await client.delete("/v1/hosts/h1")
    assert (await get(client, "/v1/vms/vm-1/boots"))["items"] == [first, second]
    assert await get(client, "/v1/vms/vm-1/boots/1") == first
    assert await get(client, "/v1/vms/vm-1/boots/2") == second
    refused(await client.get("/v1/vms/vm-1/boots/3"), 404, "boot_not_found")
    refused(await client.get("/v1/vms/vm-2/boots/1"), 404, "vm_not_found")
    refused(await client.get("/v1/vms/vm-2/boots"), 404, "vm_not_found")
    refused(await client.get("/v1/vms/vm-1/implementation-list"), 404, "no_current_list")
