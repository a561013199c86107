"""The fleet in numbers."""

import httpx
import pytest

from tests.api.talk import N1, V1, admit, boot, get, put_host, put_vm

pytestmark = pytest.mark.anyio


async def test_the_fleet_in_numbers(client: httpx.AsyncClient) -> None:
    before = await get(client, "/v1/fleet")
    assert (before["hosts"]["active"], before["oldest_observation_age_seconds"]) == (0, None)
    await put_host(client, "h1", N1)
    await put_host(client, "h2", N1)
    await put_host(client, "h3", (0x413FD0C1, 0, None), state="planned")
    for name in ("vm-1", "vm-2"):
        await put_vm(client, name, {"include_hosts": ["h1", "h2"]})
        await boot(client, name, "h1")
    await put_vm(client, "vm-3")
    await admit(client, "vm-1", "h2")
    await put_host(client, "h1", V1)
    fleet = await get(client, "/v1/fleet")
    assert {name: count for name, count in fleet["hosts"].items() if count} == {"planned": 1, "active": 2}
    assert fleet["vms"] == {"defined": 1, "running": 1, "migrating": 1}
    assert (fleet["hosts_identity_incomplete"], fleet["hosts_stale"], fleet["hosts_unreadable"]) == (1, 0, 0)
    assert (fleet["vms_exposed"], fleet["migrations_open"], fleet["migrations_overdue"]) == (2, 1, 0)
    assert fleet["fleet_revision"] > before["fleet_revision"]
    assert fleet["oldest_observation_age_seconds"] >= 0
    metrics = (await client.get("/metrics")).text
    for name, count in fleet.items():
        if name.startswith(("hosts_", "vms_", "migrations_")):
            assert f"roadstead_{name} {float(count)}" in metrics
