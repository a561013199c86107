"""How many statements a request costs, whatever the size of the fleet."""

from collections.abc import AsyncIterator

import httpx
import pytest

from app.settings import Settings
from tests.api.talk import N1, N2, admit, boot, close, done, host, import_hosts, put_host, put_vm, stop
from tests.serving import serving
from tests.storage.statements import statements

pytestmark = pytest.mark.anyio

HOT = 0
"""Goes past SQLAlchemy, once."""


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A service over a fleet of 3 hosts and 2 VMs, one of which runs."""
    async with serving(settings) as client:
        for number in range(3):
            await put_host(client, f"h{number}")
        for name in ("vm-1", "vm-2"):
            await put_vm(client, name)
        await boot(client, "vm-1", "h0")
        await close(client, await admit(client, "vm-1", "h1"), "fail")
        yield client


async def grow(client: httpx.AsyncClient) -> None:
    """Make everything that can be many, many."""
    body = "".join(
        f'{{"name": "x{number}", "cpus": [{{"midr": "0x413fd0c1", "revidr": {number % 50}, "aidr": 0}}],'
        f' "capabilities": {{"writable_id_registers": true, "discovery_hypercalls": true}}}}\n'
        for number in range(300)
    )
    done(await import_hosts(client, body))
    for number in range(40):
        await put_vm(client, f"x{number}")
        await boot(client, f"x{number}", f"x{number}")
    for number in range(3):
        await stop(client, f"x{number}")
        await boot(client, f"x{number}", "h0")
    for _ in range(3):
        await close(client, await admit(client, "vm-1", "h1"), "fail")


READS = {
    "/v1/hosts": 2,
    "/v1/hosts?label=zone&state=active&implementation=0x413fd0c1": 2,
    "/v1/hosts/h0": 1,
    "/v1/hosts/h0/history": 2,
    "/v1/implementations": 1,
    "/v1/vms": 1,
    "/v1/vms?state=running&host=h0": 1,
    "/v1/vms/vm-1": 1,
    "/v1/vms/vm-1/boots": 2,
    "/v1/vms/vm-1/boots/1": 1,
    "/v1/vms/vm-1/implementation-list": HOT,
    "/v1/vms/vm-1/hypercalls": 1,
    "/v1/vms/vm-1/targets": HOT,
    "/v1/vms/vm-1/targets/h1": HOT,
    "/v1/vms/vm-1/rejections": HOT,
    "/v1/migrations": 1,
    "/v1/migrations?vm=vm-1&state=failed": 1,
    "/metrics": 6,
    "/v1/fleet": 6,
}


async def cost(client: httpx.AsyncClient, method: str, path: str, body: object = None) -> int:
    with statements() as sent:
        answer = await client.request(method, path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return len(sent)


async def test_reads(client: httpx.AsyncClient) -> None:
    for path in READS:
        await client.get(path)
    assert {path: await cost(client, "GET", path) for path in READS} == READS
    await grow(client)
    for path in READS:
        await client.get(path)
    assert {path: await cost(client, "GET", path) for path in READS} == READS


PREVIEW = {"host": "h0", "guest": {"discovers_implementations": True}}


async def test_plans_and_writes(client: httpx.AsyncClient) -> None:
    async def costs() -> dict[str, int]:
        await client.get("/v1/vms/vm-1/targets")
        found = {
            "preview": await cost(client, "POST", "/v1/placements:preview", PREVIEW),
            "boot": await cost(client, "POST", "/v1/vms/vm-2/boots", {"host": "h0"}),
            "stop": await cost(client, "POST", "/v1/vms/vm-2/stop"),
            "admit": await cost(client, "POST", "/v1/vms/vm-1/migrations", {"target": "h1"}),
            "state": await cost(client, "PATCH", "/v1/hosts/h2", {"state": "cordoned"}),
            "registers": await cost(client, "PUT", "/v1/hosts/h2", host(N2, observed_at="2026-11-22T10:00:00Z")),
        }
        for path in ("/v1/hosts/h2", "/v1/vms/vm-1/targets"):
            await client.get(path)
        found["beat"] = await cost(client, "PUT", "/v1/hosts/h2", host(N2, observed_at="2026-11-22T10:00:01Z"))
        (migration,) = done(await client.get("/v1/migrations", params={"state": "admitted"}))["items"]
        found["verify"] = await cost(client, "POST", f"/v1/migrations/{migration['id']}:verify")
        found["fail"] = await cost(client, "POST", f"/v1/migrations/{migration['id']}:fail")
        await put_host(client, "h2", N1)
        return found

    small = await costs()
    assert small == {
        "preview": 1,
        "boot": 7,
        "stop": 3,
        "admit": 6,
        "state": 7,
        "registers": 10,
        "beat": 2,
        "verify": 5,
        "fail": 7,
    }
    await grow(client)
    assert await costs() == small


async def test_a_key_costs_three_statements_more(client: httpx.AsyncClient) -> None:
    with statements() as plain:
        done(await client.post("/v1/vms/vm-2/boots", json={"host": "h0"}))
    await stop(client, "vm-2")
    with statements() as keyed:
        done(await client.post("/v1/vms/vm-2/boots", json={"host": "h0"}, headers={"Idempotency-Key": "k"}))
    assert len(keyed) - len(plain) == 3
    with statements() as again:
        done(await client.post("/v1/vms/vm-2/boots", json={"host": "h0"}, headers={"Idempotency-Key": "k"}))
    assert len(again) == 3


async def test_an_import_costs_the_same_for_one_host_and_for_many(settings: Settings) -> None:
    async def imported(client: httpx.AsyncClient, hosts: range) -> int:
        body = "".join(f'{{"name": "n{each}", "cpus": [{{"midr": "0x413fd0c1", "revidr": 0}}]}}\n' for each in hosts)
        with statements() as sent:
            done(await import_hosts(client, body))
        return len(sent)

    async with serving(settings) as client:
        await put_host(client, "h1")
        assert await imported(client, range(1)) == await imported(client, range(1, 1_500))
