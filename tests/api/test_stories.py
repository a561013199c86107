"""How each kind of client works with the service, from its first request to its last."""

import json
from datetime import UTC, datetime

import httpx
import pytest

from tests.api.talk import (
    ABLE,
    N1,
    N1_NEW,
    N2,
    V1,
    Json,
    boot,
    codes,
    done,
    get,
    group,
    host,
    import_hosts,
    put_host,
    put_vm,
    refused,
    triples,
    vm,
)

pytestmark = pytest.mark.anyio


def key(text: str) -> dict[str, str]:
    return {"Idempotency-Key": text}


async def test_an_orchestrator_moves_a_vm_to_next_year_s_machine(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_host(client, "h2", N1)
    # Bought and not racked yet: the list is made for it already.
    await put_host(client, "h3", N2, state="planned", capabilities={})
    done(await client.put("/v1/vms/vm-1", json=vm(), headers={"If-None-Match": "*"}), 201)
    started = await client.post("/v1/vms/vm-1/boots", json={"host": "h1"}, headers=key("start-vm-1"))
    sealed = done(started, 201)
    # The answer was lost on the way; the orchestrator asks again.
    assert (await client.post("/v1/vms/vm-1/boots", json={"host": "h1"}, headers=key("start-vm-1"))).json() == sealed
    option = (await client.get("/v1/vms/vm-1/implementation-list", params={"format": "qemu"})).text
    assert option.startswith("impl-cpu.0.midr=0x413fd0c1,")
    assert "impl-cpu.1.midr=0x410fd490," in option
    assert [item["host"] for item in (await get(client, "/v1/vms/vm-1/targets"))["items"]] == ["h2"]
    # The machine arrives.
    await put_host(client, "h3", N2)
    assert [item["host"] for item in (await get(client, "/v1/vms/vm-1/targets"))["items"]] == ["h2", "h3"]
    migration = done(await client.post("/v1/vms/vm-1/migrations", json={"target": "h3"}, headers=key("move")), 201)
    done(await client.post(f"/v1/migrations/{migration['id']}:verify"))
    done(await client.post(f"/v1/migrations/{migration['id']}:complete", headers=key("moved")))
    # The destination's VMM is given the same list, also though it runs elsewhere now.
    assert (await client.get("/v1/vms/vm-1/implementation-list", params={"format": "qemu"})).text == option
    shown = await get(client, "/v1/vms/vm-1")
    assert (shown["host"], shown["exposed"]) == ("h3", False)
    done(await client.post("/v1/vms/vm-1/stop", headers=key("end")))
    assert (await client.delete("/v1/vms/vm-1")).status_code == 204


async def test_an_operator_finds_out_why_a_vm_cannot_move_and_mends_it(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    await put_host(client, "h2", N1_NEW)
    await put_host(client, "h3", N1, capabilities={"writable_id_registers": True})
    await put_host(client, "h4", N1, state="cordoned")
    assert (await get(client, "/v1/vms/vm-1/targets"))["summary"] == "0 of 4 hosts are targets of vm-1."
    rejected = {item["code"]: item["examples"] for item in (await get(client, "/v1/vms/vm-1/rejections"))["items"]}
    assert rejected.pop("is_current_host") == ["h1"]
    assert rejected == {
        "host_not_active": ["h4"],
        "implementation_not_listed": ["h2"],
        "lacks_discovery_hypercalls": ["h3"],
    }
    # One is mended by its state, one by a newer VMM; the third only by a new boot.
    done(await client.patch("/v1/hosts/h4", json={"state": "active"}))
    done(await client.patch("/v1/hosts/h3", json={"capabilities": {"discovery_hypercalls": True}}))
    assert [item["host"] for item in (await get(client, "/v1/vms/vm-1/targets"))["items"]] == ["h3", "h4"]
    (reason,) = (await get(client, "/v1/vms/vm-1/targets/h2"))["reasons"]
    assert reason["remedy"] == "boot the VM again to include it"
    done(await client.post("/v1/vms/vm-1/stop"))
    await boot(client, "vm-1", "h1")
    assert (await get(client, "/v1/vms/vm-1/targets/h2"))["eligible"] is True


async def test_an_operator_retires_a_host(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_host(client, "h2", N1)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    read = await client.get("/v1/hosts/h1")
    condition = {"If-Match": read.headers["ETag"]}
    cordoned = await client.patch("/v1/hosts/h1", json={"state": "cordoned"}, headers=condition)
    done(cordoned)
    # A colleague acts on what was read before.
    refused(await client.patch("/v1/hosts/h1", json={"state": "active"}, headers=condition), 412, "stale_revision")
    refused(await client.delete("/v1/hosts/h1"), 409, "host_in_use")
    (name,) = (item["name"] for item in (await get(client, "/v1/vms", host="h1"))["items"])
    migration = done(await client.post(f"/v1/vms/{name}/migrations", json={"target": "h2"}))
    done(await client.post(f"/v1/migrations/{migration['id']}:complete"))
    assert (await get(client, "/v1/vms", host="h1"))["items"] == []
    assert (await client.delete("/v1/hosts/h1")).status_code == 204
    assert (await get(client, "/v1/hosts/h1/history"))["items"][0]["current"] is False


async def test_a_collector_reports_and_leaves_to_the_operator_what_is_the_operator_s(client: httpx.AsyncClient) -> None:
    def report(*groups: Json) -> Json:
        now = datetime.now(UTC).isoformat()
        return {"cpus": list(groups), "capabilities": ABLE, "kernel_release": "6.17.3", "observed_at": now}

    # Nobody put the host there yet: the collector does, unless somebody was faster.
    path, cpus = "/v1/hosts/node-7.fra1.example.net", group(N1, "0-63")
    refused(await client.patch(path, json=report(cpus)), 404, "host_not_found")
    done(await client.put(path, json=report(cpus), headers={"If-None-Match": "*"}), 201)
    refused(await client.put(path, json=report(cpus), headers={"If-None-Match": "*"}), 412, "already_exists")
    done(await client.patch(path, json={"labels": {"zone": "fra1"}, "state": "cordoned"}))
    revision = (await get(client, "/v1/hosts"))["fleet_revision"]
    for _ in range(3):
        done(await client.patch(path, json=report(cpus)))
    assert (await get(client, "/v1/hosts"))["fleet_revision"] == revision
    # A board was swapped.
    changed = done(await client.patch(path, json=report(group(V1, "0-63"))))
    assert (changed["labels"], changed["state"], changed["fleet_revision"]) == (
        {"zone": "fra1"},
        "cordoned",
        revision + 1,
    )
    history = (await get(client, f"{path}/history"))["items"]
    assert [(triples(item["implementations"]), item["current"]) for item in history] == [([N1], False), ([V1], True)]


async def test_a_pipeline_brings_the_inventory_in_and_checks_a_placement(client: httpx.AsyncClient) -> None:
    def line(name: str, **fields: object) -> str:
        return json.dumps({"name": name, **host(N1), **fields}) + "\n"

    wanted = line("h1", labels={"zone": "fra1"}) + line("h2", labels={"zone": "fra1"}, state="actve")
    answer = await import_hosts(client, wanted, dry_run="true")
    (error,) = refused(answer, 422, "invalid_import")["errors"]
    assert error["pointer"] == "/2/state"
    mended = wanted.replace("actve", "active") + line("h3", cpus=[group(V1)], labels={"zone": "ber1"})
    assert done(await import_hosts(client, mended, dry_run="true"))["created"] == 3
    assert (await get(client, "/v1/hosts"))["items"] == []
    headers = key("inventory-2026-11-22") | {"Content-Type": "application/x-ndjson"}
    brought = await client.post("/v1/hosts:import", content=mended, headers=headers)
    assert done(brought)["created"] == 3
    assert (await client.post("/v1/hosts:import", content=mended, headers=headers)).content == brought.content
    placement = {"selector": {"match_labels": {"zone": "fra1"}}, "max_implementations": 1}
    question = {"host": "h1", "placement": placement, "guest": {"discovers_implementations": True}}
    preview = done(await client.post("/v1/placements:preview", json=question))
    assert [item["host"] for item in preview["targets"]["items"]] == ["h2"]
    # Tomorrow's inventory would break it, and the pipeline learns of it before any VM does.
    await import_hosts(client, line("h2", cpus=[group(N2)], labels={"zone": "fra1"}))
    problem = refused(await client.post("/v1/placements:preview", json=question), 409, "too_many_implementations")
    assert triples([each["implementation"] for each in problem["candidates"]]) == [N2]


async def test_a_fleet_that_runs_already_is_taken_over(client: httpx.AsyncClient) -> None:
    await import_hosts(client, "".join(json.dumps({"name": name, **host(N1)}) + "\n" for name in ("h1", "h2", "h3")))
    await client.put("/v1/hosts/h3", json=host(N2))
    for name in ("old", "new"):
        await put_vm(client, name, discovers=name == "new")
    exposed = {"mode": "homogeneous", "implementations": [group(N1)]}
    done(await client.post("/v1/vms/old/boots", json={"host": "h1", "adopt": exposed}), 201)
    exposed = {"mode": "discoverable", "implementations": [group(N1), group(V1)]}
    done(await client.post("/v1/vms/new/boots", json={"host": "h1", "adopt": exposed}), 201)
    for name in ("old", "new"):
        assert [item["host"] for item in (await get(client, f"/v1/vms/{name}/targets"))["items"]] == ["h2"]
    assert "guest_cannot_discover" in codes((await get(client, "/v1/vms/old/targets/h3"))["reasons"])
    assert "guest_cannot_discover" not in codes((await get(client, "/v1/vms/new/targets/h3"))["reasons"])
