import httpx
import pytest

from tests.api.talk import Json, admit, boot, close, done, get, pointers, put_host, put_vm, refused, stop, vm

pytestmark = pytest.mark.anyio

WHOLE: Json = {
    "placement": {
        "selector": {
            "match_labels": {"zone": "fra1"},
            "match_expressions": [{"key": "rack", "operator": "In", "values": ["r12", "r13"]}],
        },
        "include_hosts": ["h1"],
        "exclude_hosts": ["h9"],
        "max_implementations": 64,
        "accept_hazards": [],
    },
    "guest": {"discovers_implementations": True, "kernel_release": "6.18.15"},
    "resources": {"vcpus": 4, "memory_mib": 8192},
}
NOWHERE: Json = {
    "state": "defined",
    "host": None,
    "boot": None,
    "mode": None,
    "implementation_list": None,
    "exposed": False,
    "migration": None,
    "warnings": [],
}


async def test_a_whole_vm(client: httpx.AsyncClient) -> None:
    answer = await client.put("/v1/vms/vm-1", json=WHOLE)
    created = done(answer, 201)
    assert created | WHOLE | NOWHERE | {"name": "vm-1"} == created
    assert (await client.get("/v1/vms/vm-1")).content == answer.content


async def test_what_is_left_out(client: httpx.AsyncClient) -> None:
    created = done(await client.put("/v1/vms/vm-1", json={"guest": {"discovers_implementations": False}}), 201)
    assert created["guest"] == {"discovers_implementations": False, "kernel_release": None}
    assert created["resources"] is None
    assert created["placement"] == {
        "selector": {"match_labels": {}, "match_expressions": []},
        "include_hosts": [],
        "exclude_hosts": [],
        "max_implementations": 64,
        "accept_hazards": [],
    }


async def test_whether_the_guest_discovers_has_no_default(client: httpx.AsyncClient) -> None:
    """Guessing wrong corrupts guests."""
    for body, pointer in (
        ({}, "/guest"),
        ({"guest": {}}, "/guest/discovers_implementations"),
        ({"guest": {"kernel_release": "6.18"}}, "/guest/discovers_implementations"),
        ({"guest": {"discovers_implementations": None}}, "/guest/discovers_implementations"),
        ({"guest": {"discovers_implementations": "true"}}, "/guest/discovers_implementations"),
        ({"guest": {"discovers_implementations": 1}}, "/guest/discovers_implementations"),
    ):
        assert pointers(await client.put("/v1/vms/vm-1", json=body)) == [pointer]
        preview = await client.post("/v1/placements:preview", json={"host": "h1", **body})
        assert pointers(preview) == [pointer]


async def test_faulty_fields(client: httpx.AsyncClient) -> None:
    def expression(**fields: object) -> Json:
        return {"selector": {"match_expressions": [{"key": "a", "operator": "In", "values": ["b"]} | fields]}}

    for placement, pointer in (
        ({"zone": "fra1"}, "/zone"),
        ({"selector": {"labels": {}}}, "/selector/labels"),
        ({"selector": {"match_labels": {"zone": 5}}}, "/selector/match_labels/zone"),
        (expression(operator="in"), "/selector/match_expressions/0/operator"),
        (expression(operator="Gt"), "/selector/match_expressions/0/operator"),
        (expression(value="b"), "/selector/match_expressions/0/value"),
        (expression(values=[]), "/selector/match_expressions/0"),
        (expression(operator="NotIn", values=[]), "/selector/match_expressions/0"),
        (expression(operator="Exists"), "/selector/match_expressions/0"),
        (expression(operator="DoesNotExist"), "/selector/match_expressions/0"),
        ({"max_implementations": 0}, "/max_implementations"),
        ({"max_implementations": 65_537}, "/max_implementations"),
        ({"max_implementations": 1.0}, "/max_implementations"),
        ({"max_implementations": True}, "/max_implementations"),
        ({"max_implementations": None}, "/max_implementations"),
        ({"accept_hazards": [5]}, "/accept_hazards/0"),
        ({"accept_hazards": "ARM64_SPECTRE_BHB"}, "/accept_hazards"),
        ({"include_hosts": "h1"}, "/include_hosts"),
    ):
        answer = await client.put("/v1/vms/vm-1", json=vm(placement))
        assert pointers(answer) == [f"/placement{pointer}"], placement
    for fields, pointer in (
        ({"name": "vm-1"}, "/name"),
        ({"resources": {"vcpus": 1}}, "/resources/memory_mib"),
        ({"resources": {"vcpus": -1, "memory_mib": 1}}, "/resources/vcpus"),
        ({"guest": {"discovers_implementations": True, "os": "linux"}}, "/guest/os"),
    ):
        assert pointers(await client.put("/v1/vms/vm-1", json=vm() | fields)) == [pointer]
    refused(await client.get("/v1/vms/vm-1"), 404, "vm_not_found")


async def test_the_largest_values(client: httpx.AsyncClient) -> None:
    placement = {"max_implementations": 65_536, "selector": None}
    created = await put_vm(client, "vm-1", placement, resources={"vcpus": 2**31 - 1, "memory_mib": 2**53 - 1})
    assert created["placement"]["max_implementations"] == 65_536
    assert created["resources"] == {"vcpus": 2**31 - 1, "memory_mib": 2**53 - 1}


async def test_put_replaces_the_definition_and_nothing_else(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1")
    done(await client.put("/v1/vms/vm-1", json=vm()), 201)
    sealed = await boot(client, "vm-1", "h1")
    changed = done(await client.put("/v1/vms/vm-1", json=WHOLE | {"resources": None}), 200)
    assert changed["placement"] == WHOLE["placement"]
    assert changed["resources"] is None
    assert (changed["state"], changed["host"], changed["boot"]) == ("running", "h1", 1)
    assert changed["implementation_list"] == sealed["digest"]
    kept = await get(client, "/v1/vms/vm-1/implementation-list")
    assert kept == sealed


async def test_warnings_about_the_guest_s_kernel(client: httpx.AsyncClient) -> None:
    for release, discovers, expected in (
        ("6.14.9", True, ["kernel_cannot_discover"]),
        ("5.15.0-1034-generic", True, ["kernel_cannot_discover"]),
        ("6.15", False, ["kernel_can_discover"]),
        ("6.15.0", True, []),
        ("7.0-rc1", True, []),
        ("6.14.0", False, []),
        (None, True, []),
        (None, False, []),
    ):
        guest = {"discovers_implementations": discovers, "kernel_release": release}
        warnings = done(await client.put("/v1/vms/vm-1", json={"guest": guest}))["warnings"]
        assert [warning["code"] for warning in warnings] == expected, release
        assert all(warning["detail"] for warning in warnings)


async def test_the_life_of_a_vm(client: httpx.AsyncClient) -> None:
    for name in ("h1", "h2"):
        await put_host(client, name)
    await put_vm(client, "vm-1")

    async def now() -> tuple[object, ...]:
        shown = await get(client, "/v1/vms/vm-1")
        assert (shown["boot"] is None) == (shown["host"] is None) == (shown["mode"] is None)
        assert (shown["boot"] is None) == (shown["implementation_list"] is None)
        return shown["state"], shown["host"], shown["boot"], shown["migration"]

    assert await now() == ("defined", None, None, None)
    await boot(client, "vm-1", "h1")
    assert await now() == ("running", "h1", 1, None)
    migration = await admit(client, "vm-1", "h2")
    assert await now() == ("migrating", "h1", 1, migration["id"])
    await close(client, migration, "complete")
    assert await now() == ("running", "h2", 1, None)
    stopped = await stop(client, "vm-1")
    assert await now() == ("defined", None, None, None)
    assert stopped == await get(client, "/v1/vms/vm-1")
    await boot(client, "vm-1", "h1")
    assert await now() == ("running", "h1", 2, None)


async def test_stopping_what_does_not_run_changes_nothing(client: httpx.AsyncClient) -> None:
    created = await put_vm(client, "vm-1")
    assert await stop(client, "vm-1") == created
    refused(await client.post("/v1/vms/vm-2/stop"), 404, "vm_not_found")


async def test_a_migrating_vm_is_not_stopped(client: httpx.AsyncClient) -> None:
    for name in ("h1", "h2"):
        await put_host(client, name)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    migration = await admit(client, "vm-1", "h2")
    problem = refused(await client.post("/v1/vms/vm-1/stop"), 409, "vm_migrating")
    assert problem["migration"] == migration["id"]


async def test_deletion(client: httpx.AsyncClient) -> None:
    for name in ("h1", "h2"):
        await put_host(client, name)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    refused(await client.delete("/v1/vms/vm-1"), 409, "vm_running")
    migration = await admit(client, "vm-1", "h2")
    refused(await client.delete("/v1/vms/vm-1"), 409, "vm_migrating")
    await close(client, migration, "complete")
    await stop(client, "vm-1")
    answer = await client.delete("/v1/vms/vm-1")
    assert (answer.status_code, answer.content) == (204, b"")
    for path in ("", "/boots", "/boots/1", "/implementation-list", "/targets", "/hypercalls", "/rejections"):
        refused(await client.get(f"/v1/vms/vm-1{path}"), 404, "vm_not_found")
    refused(await client.delete("/v1/vms/vm-1"), 404, "vm_not_found")


async def test_what_a_deleted_vm_leaves(client: httpx.AsyncClient) -> None:
    """Its migrations stay as a record; its lists stay by content. A later VM of its name shares nothing with it."""
    for name in ("h1", "h2"):
        await put_host(client, name)
    await put_vm(client, "vm-1")
    sealed = await boot(client, "vm-1", "h1")
    migration = await close(client, await admit(client, "vm-1", "h2"), "fail")
    await stop(client, "vm-1")
    await client.delete("/v1/vms/vm-1")
    assert await get(client, f"/v1/migrations/{migration['id']}") == migration
    assert (await get(client, "/v1/migrations", vm="vm-1"))["items"] == [migration]
    assert (await get(client, f"/v1/implementation-lists/{sealed['digest']}"))["digest"] == sealed["digest"]
    await put_vm(client, "vm-1")
    assert (await get(client, "/v1/vms/vm-1/boots"))["items"] == []
    assert (await boot(client, "vm-1", "h1"))["boot"] == 1


async def test_filters(client: httpx.AsyncClient) -> None:
    for name in ("h1", "h2"):
        await put_host(client, name)
    for name in ("a", "b", "c", "d"):
        await put_vm(client, name)
    for name, on in (("b", "h1"), ("c", "h2"), ("d", "h1")):
        await boot(client, name, on)
    await admit(client, "d", "h2")
    for query, names in {
        "": ["a", "b", "c", "d"],
        "state=defined": ["a"],
        "state=running": ["b", "c"],
        "state=migrating": ["d"],
        "state=running&state=migrating": ["b", "c", "d"],
        "host=h1": ["b", "d"],
        "host=h1&state=running": ["b"],
        "host=h9": [],
    }.items():
        found = done(await client.get(f"/v1/vms?{query}"))
        assert [item["name"] for item in found["items"]] == names, query
    assert (await get(client, "/v1/vms"))["items"][3] == await get(client, "/v1/vms/d")


async def test_a_dry_run_answers_what_a_put_would_and_writes_nothing(client: httpx.AsyncClient) -> None:
    wanted = vm({"include_hosts": ["h1"]}, resources={"vcpus": 2, "memory_mib": 512})
    dry = await client.put("/v1/vms/vm-1?dry_run=true", json=wanted)
    assert (await client.get("/v1/vms/vm-1")).status_code == 404
    real = await client.put("/v1/vms/vm-1", json=wanted)
    assert (dry.status_code, dry.json()) == (201, done(real, 201))

    dry = await client.put("/v1/vms/vm-1?dry_run=true", json=vm(), headers={"If-Match": real.headers["etag"]})
    assert await get(client, "/v1/vms/vm-1") == real.json()
    again = await client.put("/v1/vms/vm-1", json=vm())
    assert (dry.status_code, dry.json()) == (200, done(again, 200))
    refused = await client.put("/v1/vms/vm-1?dry_run=true", json=vm(), headers={"If-None-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (412, "already_exists")
    assert (await client.put("/v1/vms/vm-1?dry_run=true", json={"guest": {}})).status_code == 422
