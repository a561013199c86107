from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.api.talk import (
    ABLE,
    N1,
    N2,
    V1,
    Json,
    Triple,
    admit,
    boot,
    close,
    done,
    get,
    group,
    host,
    patch_host,
    pointers,
    put_host,
    put_vm,
    refused,
    stop,
    triples,
)

pytestmark = pytest.mark.anyio

WHOLE: Json = {
    "state": "active",
    "labels": {"rack": "r12", "zone": "fra1"},
    "cpus": [{"cpu_list": "0-63", "midr": "0x413fd0c1", "revidr": "0x0", "aidr": "0x0"}],
    "capabilities": {"writable_id_registers": True, "discovery_hypercalls": True},
    "capacity": {"vcpus": 64, "memory_mib": 262144},
    "kernel_release": "6.17.3",
    "vmm": "qemu 10.2",
    "observed_at": "2026-11-22T10:00:00Z",
}
STATES = ["planned", "active", "cordoned", "maintenance", "retired"]


async def test_a_whole_host(client: httpx.AsyncClient) -> None:
    answer = await client.put("/v1/hosts/h1", json=WHOLE)
    created = done(answer, 201)
    registers = {"midr": "0x00000000413fd0c1", "revidr": "0x0000000000000000", "aidr": "0x0000000000000000"}
    assert created.pop("created_at") == created.pop("updated_at")
    assert created == WHOLE | {
        "name": "h1",
        "cpus": [{"cpu_list": "0-63", **registers}],
        "implementations": [{**registers, "name": "Arm Neoverse N1 r3p1"}],
        "identity_complete": True,
        "unreadable": False,
        "warnings": [],
        "fleet_revision": 1,
    }
    read = await client.get("/v1/hosts/h1")
    assert read.content == answer.content
    assert read.headers["ETag"] == answer.headers["ETag"]


async def test_only_cpus_are_required(client: httpx.AsyncClient) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    created = done(await client.put("/v1/hosts/h1", json={"cpus": [group(N1)]}), 201)
    assert created["state"] == "active"
    assert created["labels"] == {}
    assert created["capabilities"] == {"writable_id_registers": None, "discovery_hypercalls": None}
    assert [created[field] for field in ("capacity", "kernel_release", "vmm")] == [None, None, None]
    assert created["cpus"][0]["cpu_list"] is None
    assert before <= datetime.fromisoformat(created["observed_at"]) <= datetime.now(UTC)


@pytest.mark.parametrize("state", STATES)
async def test_cpus_are_required_whatever_the_state(client: httpx.AsyncClient, state: str) -> None:
    assert pointers(await client.put("/v1/hosts/h1", json={"state": state})) == ["/cpus"]
    assert pointers(await client.put("/v1/hosts/h1", json={"state": state, "cpus": []})) == ["/cpus"]


async def test_put_replaces_the_whole(client: httpx.AsyncClient) -> None:
    first = done(await client.put("/v1/hosts/h1", json=WHOLE), 201)
    second = done(await client.put("/v1/hosts/h1", json={"cpus": [group(N2)]}), 200)
    assert (second["labels"], second["capacity"], second["vmm"], second["fleet_revision"]) == ({}, None, None, 2)
    assert second["created_at"] == first["created_at"]
    assert second["updated_at"] > first["updated_at"]


FAULTY: list[tuple[Json, str]] = [
    ({"colour": "red"}, "/colour"),
    ({"name": "h1"}, "/name"),
    ({"cpus": [{**group(N1), "part": "N1"}]}, "/cpus/0/part"),
    ({"capabilities": {"sve": True}}, "/capabilities/sve"),
    ({"capacity": {"vcpus": 1, "memory_mib": 1, "disk": 1}}, "/capacity/disk"),
    ({"state": "broken"}, "/state"),
    ({"state": None}, "/state"),
    ({"labels": {"zone": 1}}, "/labels/zone"),
    ({"labels": {"zone": None}}, "/labels/zone"),
    ({"labels": {"[key]": None}}, "/labels/[key]"),
    ({"labels": {"": "a"}}, "/labels/"),
    ({"labels": {"a/\n": "b"}}, "/labels/a~1\n"),
    ({"capabilities": {"discovery_hypercalls": "yes"}}, "/capabilities/discovery_hypercalls"),
    ({"capabilities": {"discovery_hypercalls": 1}}, "/capabilities/discovery_hypercalls"),
    ({"capacity": {"vcpus": -1, "memory_mib": 1}}, "/capacity/vcpus"),
    ({"capacity": {"vcpus": 1.5, "memory_mib": 1}}, "/capacity/vcpus"),
    ({"capacity": {"vcpus": 1}}, "/capacity/memory_mib"),
    ({"kernel_release": ""}, "/kernel_release"),
    ({"vmm": "qemu\u0000"}, "/vmm"),
    ({"observed_at": "2026-11-22T10:00:00"}, "/observed_at"),
    ({"observed_at": "yesterday"}, "/observed_at"),
    ({"observed_at": 1763806800}, "/observed_at"),
    ({"observed_at": "1763806800"}, "/observed_at"),
    ({"observed_at": "1900-01-01T00:00:00Z"}, "/observed_at"),
]


async def test_faulty_fields(client: httpx.AsyncClient) -> None:
    for fields, pointer in FAULTY:
        assert pointers(await client.put("/v1/hosts/h1", json=host() | fields)) == [pointer]
    refused(await client.get("/v1/hosts/h1"), 404, "host_not_found")


async def test_times_are_kept_whatever_zone_they_were_told_in(client: httpx.AsyncClient) -> None:
    told = await put_host(client, "h1", observed_at="2026-11-22T12:30:00.123456+02:30")
    assert told["observed_at"] == "2026-11-22T10:00:00.123456Z"


# CPU groups.


async def test_implementations_are_distinct_and_by_their_lowest_cpu(client: httpx.AsyncClient) -> None:
    mixed = await put_host(client, "h1", group(V1, "8-11"), group(N2, "4-7,0"), group(N1, "1-3"), group(V1, "12"))
    assert triples(mixed["implementations"]) == [N2, N1, V1]
    assert [each["name"] for each in mixed["implementations"]] == [
        "Arm Neoverse N2 r0p0",
        "Arm Neoverse N1 r3p1",
        "Arm Neoverse V1 r1p1",
    ]
    assert [each["cpu_list"] for each in mixed["cpus"]] == ["8-11", "0,4-7", "1-3", "12"]


async def test_an_unknown_aidr_is_an_implementation_of_its_own(client: httpx.AsyncClient) -> None:
    unknown: Triple = (N1[0], 0, None)
    mixed = await put_host(client, "h1", group(N1, "0-3"), group(unknown, "4-7"))
    assert triples(mixed["implementations"]) == [N1, unknown]
    assert mixed["identity_complete"] is False


async def test_cpulists(client: httpx.AsyncClient) -> None:
    for written, shown in {
        "0": "0",
        "0-3": "0-3",
        "3,1,2": "1-3",
        "0-3,2-5": "0-5",
        "0-7:1/2": "0,2,4,6",
        "0-3, 8": "0-3,8",
    }.items():
        assert (await put_host(client, "h1", group(N1, written)))["cpus"][0]["cpu_list"] == shown


async def test_what_is_no_cpulist(client: httpx.AsyncClient) -> None:
    for written in ("", "3-1", "a", "0-", "-1", "0;1", "0-3,", "0-3:9/8", "0-65536", 3, ["0"], True):
        body = host({**group(N1), "cpu_list": written})
        assert pointers(await client.put("/v1/hosts/h1", json=body)) == ["/cpus/0/cpu_list"], written


async def test_groups_must_not_overlap(client: httpx.AsyncClient) -> None:
    answer = await client.put("/v1/hosts/h1", json=host(group(N1, "0-3"), group(N2, "8"), group(V1, "2,4-5")))
    assert pointers(answer) == ["/cpus"]
    assert "group 2" in answer.json()["errors"][0]["detail"]


async def test_a_cpulist_may_be_left_out_only_of_a_single_group(client: httpx.AsyncClient) -> None:
    answer = await client.put("/v1/hosts/h1", json=host(group(N1, "0-3"), group(N2)))
    assert pointers(answer) == ["/cpus"]


# Patches.


@pytest.mark.parametrize(
    ("patch", "changed"),
    [
        ({"state": "cordoned"}, {"state": "cordoned"}),
        ({"labels": {"rack": "r13"}}, {"labels": {"rack": "r13", "zone": "fra1"}}),
        ({"labels": {"rack": None, "row": "7"}}, {"labels": {"row": "7", "zone": "fra1"}}),
        ({"labels": None}, {"labels": {}}),
        ({"capacity": {"vcpus": 48}}, {"capacity": {"vcpus": 48, "memory_mib": 262144}}),
        ({"capacity": None, "vmm": None, "kernel_release": None}, dict.fromkeys(("capacity", "vmm", "kernel_release"))),
        (
            {"capabilities": {"discovery_hypercalls": None}},
            {"capabilities": {"writable_id_registers": True, "discovery_hypercalls": None}},
        ),
        ({"state": None}, {"state": "active"}),
        ({"observed_at": "2026-11-23T10:00:00Z"}, {"observed_at": "2026-11-23T10:00:00Z"}),
        (
            {"capabilities": None},
            {"capabilities": {"writable_id_registers": None, "discovery_hypercalls": None}},
        ),
        ({"capabilities": {}, "capacity": {}, "labels": {}}, {}),
        # To remove what is not there changes nothing, whatever it is.
        ({"colour": None, "capabilities": {"flight": None}, "capacity": {"gpus": None}, "labels": {"\n": None}}, {}),
        ({}, {}),
    ],
)
async def test_a_patch_changes_what_it_names(client: httpx.AsyncClient, patch: Json, changed: Json) -> None:
    before = done(await client.put("/v1/hosts/h1", json=WHOLE))
    after = done(await client.patch("/v1/hosts/h1", json=patch))
    moving = {"fleet_revision", "updated_at"}
    assert {name: after[name] for name in after.keys() - moving} == {
        name: (before | changed)[name] for name in before.keys() - moving
    }
    assert (await client.get("/v1/hosts/h1")).json() == after


async def test_a_patch_replaces_cpus_as_a_whole(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", group(N1, "0-3"), group(N2, "4-7"))
    patched = await patch_host(client, "h1", cpus=[group(V1)])
    assert triples(patched["implementations"]) == [V1]


@pytest.mark.parametrize("content_type", ["application/merge-patch+json", "application/json"])
async def test_content_types_of_patches(client: httpx.AsyncClient, content_type: str) -> None:
    await put_host(client, "h1")
    headers = {"Content-Type": content_type}
    answer = await client.patch("/v1/hosts/h1", content=b'{"state": "retired"}', headers=headers)
    assert done(answer)["state"] == "retired"


async def test_a_patch_must_leave_a_host(client: httpx.AsyncClient) -> None:
    before = await put_host(client, "h1", capacity=WHOLE["capacity"])
    for patch, pointer in (
        ({"cpus": None}, "/cpus"),
        ({"cpus": []}, "/cpus"),
        ({"cpus": {"0": group(N1)}}, "/cpus"),
        ({"colour": "red"}, "/colour"),
        ({"state": "gone"}, "/state"),
        ({"labels": "none"}, "/labels"),
        ({"capacity": {"vcpus": None}}, "/capacity/vcpus"),
    ):
        assert pointers(await client.patch("/v1/hosts/h1", json=patch)) == [pointer]
    assert await get(client, "/v1/hosts/h1") == before


async def test_what_a_patch_must_tell_depends_on_what_is_there(client: httpx.AsyncClient) -> None:
    labels = {f"l{number}": "" for number in range(200)}
    before = await put_host(client, "h1", labels=labels)
    for patch, wrong in (
        ({"capacity": {"vcpus": 4}}, ["/capacity/memory_mib"]),
        ({"capacity": {}}, ["/capacity/vcpus", "/capacity/memory_mib"]),
        ({"labels": {f"more{number}": "" for number in range(57)}}, ["/labels"]),
    ):
        assert pointers(await client.patch("/v1/hosts/h1", json=patch)) == wrong
    assert await get(client, "/v1/hosts/h1") == before
    patched = await patch_host(client, "h1", labels={f"l{number}": "" for number in range(200, 256)})
    assert len(patched["labels"]) == 256


async def test_all_that_is_wrong_with_a_patch_is_told_at_once(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1")
    patch = {"cpus": None, "state": "gone", "labels": {"a": {"b": None}}, "capacity": {"vcpus": None}, "colour": "red"}
    assert sorted(pointers(await client.patch("/v1/hosts/h1", json=patch))) == [
        "/capacity/vcpus",
        "/colour",
        "/cpus",
        "/labels/a",
        "/state",
    ]


async def test_a_time_that_is_removed_is_now(client: httpx.AsyncClient) -> None:
    before = await put_host(client, "h1", observed_at="2026-11-22T10:00:00Z")
    assert (await patch_host(client, "h1", observed_at=None))["observed_at"] > before["updated_at"]


async def test_a_patch_needs_a_host(client: httpx.AsyncClient) -> None:
    refused(await client.patch("/v1/hosts/h1", json={"state": "active"}), 404, "host_not_found")


# Deletion.


async def test_deletion(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1")
    answer = await client.delete("/v1/hosts/h1")
    assert (answer.status_code, answer.content) == (204, b"")
    refused(await client.get("/v1/hosts/h1"), 404, "host_not_found")
    refused(await client.delete("/v1/hosts/h1"), 404, "host_not_found")
    assert (await get(client, "/v1/hosts"))["items"] == []


async def test_a_host_that_comes_back_is_a_new_one(client: httpx.AsyncClient) -> None:
    first = done(await client.put("/v1/hosts/h1", json=WHOLE), 201)
    await client.delete("/v1/hosts/h1")
    second = done(await client.put("/v1/hosts/h1", json=WHOLE), 201)
    assert second["fleet_revision"] == 3
    assert second["created_at"] > first["created_at"]


async def test_a_host_on_which_a_vm_runs_is_in_use(client: httpx.AsyncClient) -> None:
    for name in ("h1", "h2"):
        await put_host(client, name)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    assert refused(await client.delete("/v1/hosts/h1"), 409, "host_in_use")["vms"] == ["vm-1"]
    assert (await client.delete("/v1/hosts/h2")).status_code == 204
    await stop(client, "vm-1")
    assert (await client.delete("/v1/hosts/h1")).status_code == 204


@pytest.mark.parametrize(("ending", "source", "target"), [("complete", 204, 409), ("fail", 409, 204)])
async def test_a_host_to_which_a_vm_migrates_is_in_use(
    client: httpx.AsyncClient, ending: str, source: int, target: int
) -> None:
    for name in ("h1", "h2"):
        await put_host(client, name)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    migration = await admit(client, "vm-1", "h2")
    for name in ("h1", "h2"):
        assert refused(await client.delete(f"/v1/hosts/{name}"), 409, "host_in_use")["vms"] == ["vm-1"]
    await close(client, migration, ending)
    assert (await client.delete("/v1/hosts/h1")).status_code == source
    assert (await client.delete("/v1/hosts/h2")).status_code == target


@pytest.mark.parametrize("state", STATES)
async def test_any_state_may_be_set_under_running_vms(client: httpx.AsyncClient, state: str) -> None:
    await put_host(client, "h1")
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    assert (await patch_host(client, "h1", state=state))["state"] == state
    assert (await put_host(client, "h1", state=state))["state"] == state
    running = await get(client, "/v1/vms/vm-1")
    assert (running["state"], running["host"], running["exposed"]) == ("running", "h1", False)


# Lists.

FLEET: dict[str, Json] = {
    "a1": host(N1, labels={"zone": "fra1", "rack": "r1"}),
    "a2": host(N2, labels={"zone": "fra1", "rack": "r2"}, state="planned"),
    "b1": host(group(N1, "0"), group(V1, "1"), labels={"zone": "ber1", "rack": ""}),
    "b2": host((N1[0], 0, None), labels={"zone": "ber1"}, state="retired"),
    "c1": host((N1[0], 7, 9)),
}


async def test_filters(client: httpx.AsyncClient) -> None:
    for name, body in FLEET.items():
        await client.put(f"/v1/hosts/{name}", json=body)
    for query, names in (
        ("", ["a1", "a2", "b1", "b2", "c1"]),
        ("label=zone=fra1", ["a1", "a2"]),
        ("label=zone=fra1&label=rack=r2", ["a2"]),
        ("label=zone=fra1&label=zone=ber1", []),
        ("label=zone", ["a1", "a2", "b1", "b2"]),
        ("label=rack=", ["b1"]),
        ("label=zone=FRA1", []),
        ("state=active", ["a1", "b1", "c1"]),
        ("state=planned&state=retired", ["a2", "b2"]),
        ("state=cordoned", []),
        ("implementation=0x413fd0c1", ["a1", "b1", "b2", "c1"]),
        ("implementation=0x413fd0c1,0x0", ["a1", "b1", "b2"]),
        ("implementation=0x413fd0c1,0x0,0x0", ["a1", "b1"]),
        ("implementation=0X00000000411FD401", ["b1"]),
        ("implementation=0x413fd0c1&state=active&label=zone=fra1", ["a1"]),
    ):
        found = done(await client.get(f"/v1/hosts?{query}"))
        assert [item["name"] for item in found["items"]] == names, query
        assert (found["next_cursor"], found["fleet_revision"]) == (None, len(FLEET))


async def test_an_item_of_the_list_is_the_host_itself(client: httpx.AsyncClient) -> None:
    single = await put_host(client, "h1", group(N1, "0-3"), labels={"zone": "fra1"})
    assert (await get(client, "/v1/hosts"))["items"] == [single]


# The fleet revision.


async def test_every_change_grows_the_revision_by_one(client: httpx.AsyncClient) -> None:
    async def revision() -> int:
        return int((await get(client, "/v1/hosts"))["fleet_revision"])

    assert await revision() == 0
    await put_host(client, "h1", observed_at="2026-11-22T10:00:00Z")
    await put_host(client, "h2")
    assert await revision() == 2
    await patch_host(client, "h1", state="cordoned")
    await client.delete("/v1/hosts/h2")
    assert await revision() == 4


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_heartbeat_is_no_change(client: httpx.AsyncClient, method: str) -> None:
    before = done(await client.put("/v1/hosts/h1", json=WHOLE))
    seen = {"observed_at": "2026-11-22T10:05:00Z"}
    after = done(await client.request(method, "/v1/hosts/h1", json=WHOLE | seen if method == "PUT" else seen), 200)
    assert after == before | seen
    assert await get(client, "/v1/hosts/h1") == after
    assert (await get(client, "/v1/hosts"))["fleet_revision"] == 1


async def test_a_put_without_a_time_is_a_heartbeat_of_now(client: httpx.AsyncClient) -> None:
    timeless = {field: value for field, value in WHOLE.items() if field != "observed_at"}
    first = done(await client.put("/v1/hosts/h1", json=timeless))
    second = done(await client.put("/v1/hosts/h1", json=timeless))
    assert second["observed_at"] > first["observed_at"]
    assert second["fleet_revision"] == first["fleet_revision"]


async def test_refused_writes_leave_the_revision_alone(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1")
    await client.put("/v1/hosts/h2", json={})
    await client.put("/v1/hosts/h1", json=host(N2), headers={"If-None-Match": "*"})
    await client.patch("/v1/hosts/h1", json={"state": "gone"})
    await client.delete("/v1/hosts/h3")
    assert (await get(client, "/v1/hosts"))["fleet_revision"] == 1


async def test_capabilities_that_are_reported_are_known(client: httpx.AsyncClient) -> None:
    assert (await put_host(client, "h1"))["capabilities"] == ABLE
    denied = {"writable_id_registers": False, "discovery_hypercalls": True}
    assert (await put_host(client, "h1", capabilities=denied))["capabilities"] == denied


async def test_a_dry_run_answers_what_a_put_would_and_writes_nothing(client: httpx.AsyncClient) -> None:
    stored_alone = ("fleet_revision", "created_at", "updated_at")

    def told(answer: httpx.Response) -> tuple[int, Json]:
        return answer.status_code, {name: value for name, value in answer.json().items() if name not in stored_alone}

    wanted = host(N1, observed_at="2026-11-22T10:00:00Z")
    dry = await client.put("/v1/hosts/h1?dry_run=true", json=wanted)
    assert (await client.get("/v1/hosts/h1")).status_code == 404
    real = await client.put("/v1/hosts/h1", json=wanted)
    assert told(dry) == told(real)

    other = host(V1, observed_at="2026-11-22T11:00:00Z", labels={"zone": "fra1"})
    dry = await client.put("/v1/hosts/h1?dry_run=true", json=other, headers={"If-Match": real.headers["etag"]})
    assert await get(client, "/v1/hosts/h1") == real.json()
    assert told(dry) == told(await client.put("/v1/hosts/h1", json=other))
    stale = await client.put("/v1/hosts/h1?dry_run=true", json=wanted, headers={"If-Match": real.headers["etag"]})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_revision")
