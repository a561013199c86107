"""Where a running VM may move now, and why not elsewhere."""

import httpx
import pytest

from tests.api.talk import (
    ABLE,
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
    patch_host,
    pointers,
    put_host,
    put_vm,
    refused,
    triples,
    vm,
)

pytestmark = pytest.mark.anyio

TARGETS = "/v1/vms/vm-1/targets"
REJECTIONS = "/v1/vms/vm-1/rejections"


async def names(client: httpx.AsyncClient) -> list[str]:
    return [item["host"] for item in (await get(client, TARGETS))["items"]]


async def reasons(client: httpx.AsyncClient, on: str) -> list[Json]:
    verdict = await get(client, f"{TARGETS}/{on}")
    assert (verdict["vm"], verdict["host"]) == ("vm-1", on)
    assert verdict["eligible"] == (not verdict["reasons"])
    assert all(reason["detail"] and reason["remedy"] for reason in verdict["reasons"])
    found: list[Json] = verdict["reasons"]
    return found


@pytest.fixture
async def running(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """vm-1 runs on h1 with N1 and N2 on its list; one host for each reason why it may not move there."""
    await put_host(client, "h1", N1)
    await put_host(client, "h2", N2, labels={"zone": "a"})
    await put_host(client, "h3", group(N1, "0-3"), group(N2, "4-7"))
    await put_vm(client, "vm-1", {"exclude_hosts": ["excluded"]})
    await boot(client, "vm-1", "h1")
    await put_host(client, "cordoned", N1, state="cordoned")
    await put_host(client, "excluded", N1)
    await put_host(client, "incomplete", (N1[0], 0, None))
    await put_host(client, "unlisted", N1_NEW)
    await put_host(client, "unable", N1, capabilities={"writable_id_registers": False})
    return client


async def test_targets(running: httpx.AsyncClient) -> None:
    found = await get(running, TARGETS)
    assert (found["vm"], found["fleet_revision"], found["total"], found["next_cursor"]) == ("vm-1", 8, 2, None)
    assert [item["host"] for item in found["items"]] == ["h2", "h3"]
    assert [triples(item["implementations"]) for item in found["items"]] == [[N2], [N1, N2]]
    assert found["summary"] == "2 of 8 hosts are targets of vm-1."


async def test_verdicts(running: httpx.AsyncClient) -> None:
    for on, expected in {
        "h2": [],
        "h3": [],
        "h1": ["is_current_host"],
        "cordoned": ["host_not_active"],
        "excluded": ["placement_mismatch"],
        "incomplete": ["identity_incomplete"],
        "unlisted": ["implementation_not_listed"],
        "unable": ["lacks_writable_id_registers", "lacks_discovery_hypercalls"],
    }.items():
        assert codes(await reasons(running, on)) == expected


async def test_targets_verdicts_rejections_and_admissions_agree(running: httpx.AsyncClient) -> None:
    everywhere = [item["name"] for item in (await get(running, "/v1/hosts"))["items"]]
    found = await names(running)
    rejected = await get(running, REJECTIONS)
    assert rejected["total"] == len(everywhere) - len(found)
    for on in everywhere:
        verdict = await reasons(running, on)
        assert (on in found) == (not verdict)
        for item in rejected["items"]:
            assert (on in item["examples"]) == (item["code"] in codes(verdict))
        if verdict:
            answer = await running.post("/v1/vms/vm-1/migrations", json={"target": on})
            assert refused(answer, 409, "not_a_target")["reasons"] == verdict


async def test_all_reasons_at_once(running: httpx.AsyncClient) -> None:
    await put_host(
        running, "h9", group(V1, "0-3"), group((N2[0], 0, None), "4-7"), state="maintenance", capabilities={}
    )
    await running.put("/v1/vms/vm-1", json=vm({"exclude_hosts": ["h9"]}))
    found = await reasons(running, "h9")
    assert codes(found) == [
        "host_not_active",
        "placement_mismatch",
        "identity_incomplete",
        "implementation_not_listed",
        "lacks_writable_id_registers",
        "lacks_discovery_hypercalls",
    ]
    assert [reason["lasting"] for reason in found] == [False, False, False, True, False, False]


async def test_an_unknown_value_beside_a_listed_one_is_only_incomplete(running: httpx.AsyncClient) -> None:
    await put_host(running, "h9", group(N1, "0-3"), group((V1[0], 0, None), "4-7"))
    assert codes(await reasons(running, "h9")) == ["identity_incomplete"]


async def test_another_boot_does_not_include_what_it_may_not_meet(running: httpx.AsyncClient) -> None:
    await put_host(running, "retired", N1_NEW, state="retired")
    await put_host(running, "excluded", N1_NEW)
    await put_host(running, "incomplete", group(N1_NEW, "0"), group((N1[0], 5, None), "1"))
    for on in ("retired", "excluded", "incomplete"):
        (reason,) = [each for each in await reasons(running, on) if each["code"] == "implementation_not_listed"]
        assert reason["remedy"] == "when the other reasons are gone, boot the VM again to include it"


async def test_what_is_not_listed_is_shown_beside_the_nearest(running: httpx.AsyncClient) -> None:
    (reason,) = await reasons(running, "unlisted")
    assert triples([reason["implementation"], reason["nearest_listed"]]) == [N1_NEW, N1]
    assert reason["differing_registers"] == ["revidr"]
    assert "REVIDR 0x1" in reason["detail"]
    assert "REVIDR 0x0" in reason["detail"]
    assert reason["remedy"] == "boot the VM again to include it"
    far: Triple = (0x410FD491, 5, 6)
    await put_host(running, "h9", group(far, "0-3"), group(V1, "4-7"), group(N1, "8"))
    (reason,) = await reasons(running, "h9")
    assert triples([reason["implementation"], reason["nearest_listed"]]) == [far, N2]
    assert reason["differing_registers"] == ["midr", "revidr", "aidr"]
    assert triples([each["implementation"] for each in reason["unlisted"]]) == [far, V1]


async def test_other_reasons_say_nothing_of_registers(running: httpx.AsyncClient) -> None:
    (reason,) = await reasons(running, "cordoned")
    assert reason.keys() == {"code", "detail", "remedy", "help", "lasting"}


async def test_rejections(running: httpx.AsyncClient) -> None:
    for number in range(7):
        await put_host(running, f"x{number}", V1, state="planned")
    rejected = await get(running, REJECTIONS)
    assert (rejected["vm"], rejected["fleet_revision"], rejected["total"]) == ("vm-1", 15, 13)
    assert {item["code"]: (item["hosts"], item["examples"]) for item in rejected["items"]} == {
        "is_current_host": (1, ["h1"]),
        "host_not_active": (8, ["cordoned", "x0", "x1", "x2", "x3"]),
        "placement_mismatch": (1, ["excluded"]),
        "identity_incomplete": (1, ["incomplete"]),
        "implementation_not_listed": (8, ["unlisted", "x0", "x1", "x2", "x3"]),
        "lacks_writable_id_registers": (1, ["unable"]),
        "lacks_discovery_hypercalls": (1, ["unable"]),
    }


async def test_a_changed_placement_decides_at_once(running: httpx.AsyncClient) -> None:
    await running.put("/v1/vms/vm-1", json=vm({"selector": {"match_labels": {"zone": "a"}}}))
    assert await names(running) == ["h2"]
    await running.put("/v1/vms/vm-1", json=vm({"include_hosts": ["h3", "unlisted"]}))
    assert await names(running) == ["h3"]


async def test_a_changed_host_decides_at_once(running: httpx.AsyncClient) -> None:
    for fields, expected in (
        ({"state": "maintenance"}, ["h3"]),
        ({"state": "active"}, ["h2", "h3"]),
        ({"capabilities": {"discovery_hypercalls": None}}, ["h3"]),
        ({"capabilities": ABLE, "cpus": [group(V1)]}, ["h3"]),
        ({"cpus": [group(N1)]}, ["h2", "h3"]),
        ({"cpus": [group((N1[0], 0, None))]}, ["h3"]),
    ):
        await patch_host(running, "h2", **fields)
        assert await names(running) == expected, fields
    await running.delete("/v1/hosts/h3")
    assert await names(running) == []
    assert (await get(running, TARGETS))["summary"] == "0 of 7 hosts are targets of vm-1."


async def test_a_host_that_is_added_later_is_a_target_if_it_fits(running: httpx.AsyncClient) -> None:
    await put_host(running, "h0", N2)
    assert await names(running) == ["h0", "h2", "h3"]


async def test_faulty_parameters_of_the_hot_road_are_refused_as_everywhere(running: httpx.AsyncClient) -> None:
    everywhere, here = [
        (await running.get(f"{path}?limit=0&cursor={'x' * 1025}")).json() for path in ("/v1/hosts", TARGETS)
    ]
    assert [error["pointer"] for error in here["errors"]] == ["/limit", "/cursor"]
    assert here["errors"] == everywhere["errors"]
    assert pointers(await running.get("/v1/vms/VM/targets?limit=many")) == ["/vm", "/limit"]


async def test_pages_of_targets(running: httpx.AsyncClient) -> None:
    whole = await get(running, TARGETS)
    first = await get(running, TARGETS, limit=1)
    assert (first["items"], first["total"]) == (whole["items"][:1], 2)
    rest = await get(running, TARGETS, limit=1, cursor=first["next_cursor"])
    assert (rest["items"], rest["next_cursor"]) == (whole["items"][1:], None)


async def test_while_it_migrates_a_vm_still_has_targets(running: httpx.AsyncClient) -> None:
    await admit(running, "vm-1", "h2")
    assert await names(running) == ["h2", "h3"]
    assert codes(await reasons(running, "h1")) == ["is_current_host"]


async def test_a_pinned_vm_needs_all_of_a_target_on_its_list(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", group(N1, "0-3"), group(N2, "4-7"))
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1", cpus="0-3")
    await put_host(client, "h2", group(N1, "0-3"), group(V1, "4-7"))
    await put_host(client, "h3", N2)
    assert await names(client) == ["h3"]
    assert codes(await reasons(client, "h2")) == ["implementation_not_listed"]


async def test_targets_of_a_guest_that_cannot_discover(client: httpx.AsyncClient) -> None:
    for name, implementation in (("h1", N1), ("h2", N1), ("h3", N2)):
        await put_host(client, name, implementation, capabilities={})
    await put_vm(client, "vm-1", discovers=False)
    await boot(client, "vm-1", "h1")
    # In homogeneous mode nothing is asked of a host but the same CPUs.
    assert await names(client) == ["h2"]
    unlisted, cannot = await reasons(client, "h3")
    assert codes([unlisted, cannot]) == ["implementation_not_listed", "guest_cannot_discover"]
    assert unlisted["remedy"] == "choose a host with the listed implementation"
    assert [unlisted["lasting"], cannot["lasting"]] == [True, True]


async def test_a_list_that_is_short_for_want_of_the_host_is_not_the_guest_s_fault(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1, capabilities={})
    await put_host(client, "h2", N2)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    assert codes(await reasons(client, "h2")) == ["implementation_not_listed"]


async def test_a_vm_that_does_not_run_has_no_targets(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1")
    for path in (TARGETS, f"{TARGETS}/h1", REJECTIONS):
        refused(await client.get(path), 404, "vm_not_found")
    await put_vm(client, "vm-1")
    for path in (TARGETS, f"{TARGETS}/h1", REJECTIONS):
        refused(await client.get(path), 409, "vm_not_running")
    await boot(client, "vm-1", "h1")
    refused(await client.get(f"{TARGETS}/h2"), 404, "host_not_found")


# Previews.


def question(on: str = "h1", **fields: object) -> Json:
    return {"host": on, "placement": {}, "guest": {"discovers_implementations": True}} | fields


PREVIEW = "/v1/placements:preview"


async def test_a_preview_is_what_a_boot_would_get(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    for name in ("h2", "h3"):
        await put_host(client, name, N2)
    placement = {"exclude_hosts": ["h3"]}
    preview = done(await client.post(PREVIEW, json=question(placement=placement)), 200)
    await put_vm(client, "vm-1", placement)
    sealed = await boot(client, "vm-1", "h1")
    planned = preview["implementation_list"]
    assert planned == {field: sealed[field] for field in planned}
    assert planned.keys() == sealed.keys() - {"vm", "boot", "sealed_at", "adopted"}
    targets = await get(client, TARGETS)
    assert preview["targets"] == {"total": targets["total"], "items": targets["items"]}
    assert preview["fleet_revision"] == targets["fleet_revision"]


async def test_a_preview_of_a_pinned_boot(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", group(N1, "0-3"), group(V1, "4-7"))
    answer = await client.post(PREVIEW, json=question(guest={"discovers_implementations": False}))
    assert codes(refused(answer, 409, "boot_refused")["reasons"]) == ["heterogeneous_host"]
    pinned = question(guest={"discovers_implementations": False}, cpus="5-6")
    planned = done(await client.post(PREVIEW, json=pinned), 200)["implementation_list"]
    assert (planned["cpus"], triples(planned["implementations"])) == ("5-6", [V1])


async def test_a_preview_stores_nothing(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    before = [(await client.get(path)).content for path in ("/v1/hosts", "/v1/vms")]
    digest = done(await client.post(PREVIEW, json=question()))["implementation_list"]["digest"]
    assert [(await client.get(path)).content for path in ("/v1/hosts", "/v1/vms")] == before
    refused(await client.get(f"/v1/implementation-lists/{digest}"), 404, "implementation_list_not_found")


async def test_a_preview_names_the_first_hundred_targets(client: httpx.AsyncClient) -> None:
    for number in range(103):
        await put_host(client, f"h{number:03}")
    targets = done(await client.post(PREVIEW, json=question("h000")))["targets"]
    assert targets["total"] == 102
    assert [item["host"] for item in targets["items"]] == [f"h{number:03}" for number in range(1, 101)]


async def test_a_preview_is_refused_as_the_boot_would_be(client: httpx.AsyncClient) -> None:
    refused(await client.post(PREVIEW, json=question()), 404, "host_not_found")
    await put_host(client, "h1", N1, state="planned")
    answer = await client.post(PREVIEW, json=question(placement={"exclude_hosts": ["h1"]}))
    assert codes(refused(answer, 409, "boot_refused")["reasons"]) == ["host_not_active", "placement_mismatch"]
    await patch_host(client, "h1", state="active")
    await put_host(client, "h2", N2)
    answer = await client.post(PREVIEW, json=question(placement={"max_implementations": 1}))
    assert refused(answer, 409, "too_many_implementations")["count"] == 2


async def test_faulty_previews(client: httpx.AsyncClient) -> None:
    for body, pointer in (
        (question(vm="vm-1"), "/vm"),
        (question(placement={"max_implementations": 0}), "/placement/max_implementations"),
        (question(guest={}), "/guest/discovers_implementations"),
        ({"guest": {"discovers_implementations": True}}, "/host"),
    ):
        assert pointers(await client.post(PREVIEW, json=body)) == [pointer]


async def test_a_preview_of_an_unguarded_placement(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    body = {"host": "h1", "guest": {"discovers_implementations": True}}
    assert done(await client.post(PREVIEW, json=body))["implementation_list"]["count"] == 1


# "`admissible` false and the open `migration` named while one is open, in verdicts too".
async def test_while_it_migrates_no_other_move_is_admitted(running: httpx.AsyncClient) -> None:
    before = await get(running, "/v1/vms/vm-1/targets")
    assert (before["admissible"], before["migration"]) == (True, None)
    first, *_ = [item["host"] for item in before["items"]]
    migration = done(await running.post("/v1/vms/vm-1/migrations", json={"target": first}), 201)["id"]
    for path in ("/v1/vms/vm-1/targets", f"/v1/vms/vm-1/targets/{first}"):
        shown = await get(running, path)
        assert (shown["admissible"], shown["migration"]) == (False, migration)
    assert (await get(running, "/v1/vms/vm-1/targets"))["items"] == before["items"]
    assert (await get(running, f"/v1/vms/vm-1/targets/{first}"))["eligible"] is True
    refused(await running.post("/v1/vms/vm-1/migrations", json={"target": first}), 409, "vm_migrating")
    done(await running.post(f"/v1/migrations/{migration}:fail"))
    after = await get(running, f"/v1/vms/vm-1/targets/{first}")
    assert (after["admissible"], after["migration"]) == (True, None)
