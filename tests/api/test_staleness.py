"""A host that was not observed for too long is not acted on."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app.settings import Settings
from tests.api.talk import N1, N2, boot, codes, get, patch_host, put_host, put_vm, refused, stop
from tests.serving import serving

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("ROADSTEAD_MAX_INVENTORY_AGE", "15m")
    return Settings(database_url=database_url)


def ago(**age: float) -> str:
    return (datetime.now(UTC) - timedelta(**age)).isoformat()


async def targets(client: httpx.AsyncClient) -> list[str]:
    return [item["host"] for item in (await get(client, "/v1/vms/vm-1/targets"))["items"]]


@pytest.fixture
async def running(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """vm-1 runs on h1; h2 and h3 were seen just now."""
    for name in ("h1", "h2", "h3"):
        await put_host(client, name)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    return client


async def test_a_stale_host_is_no_target(running: httpx.AsyncClient) -> None:
    assert await targets(running) == ["h2", "h3"]
    await patch_host(running, "h2", observed_at=ago(minutes=16))
    assert await targets(running) == ["h3"]
    verdict = await get(running, "/v1/vms/vm-1/targets/h2")
    assert codes(verdict["reasons"]) == ["inventory_stale"]
    assert verdict["reasons"][0]["lasting"] is False
    (_, stale) = (await get(running, "/v1/vms/vm-1/rejections"))["items"]
    assert (stale["code"], stale["hosts"], stale["examples"]) == ("inventory_stale", 1, ["h2"])
    answer = await running.post("/v1/vms/vm-1/migrations", json={"target": "h2"})
    assert codes(refused(answer, 409, "not_a_target")["reasons"]) == ["inventory_stale"]


async def test_a_heartbeat_makes_it_fresh_again(running: httpx.AsyncClient) -> None:
    """Though heartbeats do not change the fleet revision."""
    await patch_host(running, "h2", observed_at=ago(minutes=16))
    before = await get(running, "/v1/vms/vm-1/targets")
    await patch_host(running, "h2", observed_at=ago(minutes=14))
    after = await get(running, "/v1/vms/vm-1/targets")
    assert (before["total"], after["total"]) == (1, 2)
    assert before["fleet_revision"] == after["fleet_revision"]


async def test_a_stale_host_takes_no_boot(running: httpx.AsyncClient) -> None:
    await stop(running, "vm-1")
    await patch_host(running, "h1", observed_at=ago(hours=1))
    answer = await running.post("/v1/vms/vm-1/boots", json={"host": "h1"})
    assert codes(refused(answer, 409, "boot_refused")["reasons"]) == ["inventory_stale"]
    await boot(running, "vm-1", "h2")


async def test_a_clock_that_is_far_ahead_proves_nothing(running: httpx.AsyncClient) -> None:
    await patch_host(running, "h2", observed_at=ago(minutes=-16))
    await patch_host(running, "h3", observed_at=ago(minutes=-10))
    assert await targets(running) == ["h3"]


async def test_stale_hosts_are_still_what_a_list_must_have(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_host(client, "h2", N2, observed_at=ago(days=30))
    await put_vm(client, "vm-1")
    assert (await boot(client, "vm-1", "h1"))["count"] == 2


async def test_staleness_survives_changes_of_other_hosts(running: httpx.AsyncClient) -> None:
    await patch_host(running, "h2", observed_at=ago(minutes=16))
    await put_host(running, "h4")
    await patch_host(running, "h3", state="cordoned")
    assert await targets(running) == ["h4"]


async def test_a_stale_host_of_a_running_vm_is_its_host_still(running: httpx.AsyncClient) -> None:
    await patch_host(running, "h1", observed_at=ago(days=1))
    shown = await get(running, "/v1/vms/vm-1")
    assert (shown["state"], shown["host"], shown["exposed"]) == ("running", "h1", False)


async def test_verification_does_not_ask_how_fresh_the_host_is(running: httpx.AsyncClient) -> None:
    migration = (await running.post("/v1/vms/vm-1/migrations", json={"target": "h2"})).json()
    await patch_host(running, "h2", observed_at=ago(hours=1))
    assert (await running.post(f"/v1/migrations/{migration['id']}:verify")).status_code == 200


async def test_metrics_count_stale_hosts(running: httpx.AsyncClient) -> None:
    await patch_host(running, "h2", observed_at=ago(hours=1))
    assert "roadstead_hosts_stale 1.0" in (await running.get("/metrics")).text


async def test_by_default_no_host_is_ever_stale(database_url: str) -> None:
    async with serving(Settings(database_url=database_url, max_inventory_age=None)) as client:
        await put_host(client, "h1", observed_at="1970-01-01T00:00:00Z")
        await put_host(client, "h2", observed_at="8999-12-31T00:00:00Z")
        await put_vm(client, "vm-1")
        await boot(client, "vm-1", "h1")
        assert await targets(client) == ["h2"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("24h", timedelta(hours=24)),
        ("24 h", timedelta(hours=24)),
        ("3600", timedelta(hours=1)),
        ("7d", timedelta(days=7)),
        ("PT15M", timedelta(minutes=15)),
    ],
)
def test_ways_to_write_an_age(monkeypatch: pytest.MonkeyPatch, written: str, meant: timedelta) -> None:
    monkeypatch.setenv("ROADSTEAD_MAX_INVENTORY_AGE", written)
    monkeypatch.setenv("ROADSTEAD_MIGRATION_TIMEOUT", written)
    assert Settings().max_inventory_age == Settings().migration_timeout == meant


@pytest.mark.parametrize("written", ["0s", "-5m", "soon", "5w", ""])
def test_what_is_no_age(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("ROADSTEAD_MAX_INVENTORY_AGE", written)
    with pytest.raises(ValueError, match="max_inventory_age"):
        Settings()
