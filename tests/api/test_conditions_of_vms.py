"""What metrics count is what lists show: every filter, either way, in pages of any size."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import product

import httpx
import pytest

from app.domain.vms.conditions import Condition
from app.settings import Settings
from tests.api.talk import N1, N1_NEW, V1, V2, Json, admit, boot, close, get, group, patch_host, put_host, put_vm, stop
from tests.serving import serving

pytestmark = pytest.mark.anyio

AMPERE_ONE = (0xC00FAC30, 0, 0)
"""May not stand on a list beside Neoverse N1."""
ANYWHERE: Json = {}
IN_A: Json = {"selector": {"match_labels": {"zone": "a"}}}
ACCEPTING: Json = {"accept_hazards": ["ARM64_HAS_BBML3"]}
ONLY_A1: Json = {"include_hosts": ["a1"]}
LIMITS = (1, 3, 100)


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(database_url=database_url)
    async with serving(settings.model_copy(update={"max_inventory_age": timedelta(days=1)})) as client:
        yield client


async def listed(client: httpx.AsyncClient, limit: int, path: str = "/v1/vms", **wanted: str) -> list[str]:
    names, cursor = [], ""
    while cursor is not None:
        page = await get(client, path, limit=limit, **wanted, **({"cursor": cursor} if cursor else {}))
        names += [each["name"] for each in page["items"]]
        assert len(page["items"]) <= limit
        cursor = page["next_cursor"]
    assert names == sorted(set(names))
    return names


async def counted(client: httpx.AsyncClient) -> dict[str, float]:
    lines = re.findall(r"^roadstead_(\w+) (\S+)$", (await client.get("/metrics")).text, re.MULTILINE)
    return {name: float(value) for name, value in lines}


async def conditions_agree(client: httpx.AsyncClient) -> dict[Condition, list[str]]:
    """The VMs that each condition holds for."""
    everybody = await listed(client, 100)
    counts = await counted(client)
    found: dict[Condition, list[str]] = {}
    for condition in Condition:
        for limit in LIMITS:
            found[condition] = await listed(client, limit, **{condition: "true"})
            others = await listed(client, limit, **{condition: "false"})
            assert sorted([*found[condition], *others]) == everybody
        assert counts[f"vms_{condition}"] == len(found[condition]), condition
    for one, other in product(Condition, Condition):
        both = await listed(client, 2, **{one: "true"} | {other: "true"})
        assert both == sorted({*found[one]} & {*found[other]})
    shown = [each["name"] for each in (await get(client, "/v1/vms"))["items"] if each["exposed"]]
    assert shown == found[Condition.EXPOSED]
    return found


async def settled(client: httpx.AsyncClient) -> None:
    """Hosts in two zones, with VMs of several kinds, of which some run."""
    for name, cpu in (("a1", N1), ("a2", N1), ("a3", V1), ("b1", AMPERE_ONE), ("b2", N1)):
        await put_host(client, name, cpu, labels={"zone": name[0]})
    await put_host(client, "b3", group(N1, "0-3"), group(V1, "4-7"), labels={"zone": "b"})
    for name, placement, host in (
        ("any-1", ANYWHERE, "a1"),
        ("any-2", ANYWHERE, "a1"),
        ("any-3", ANYWHERE, "a2"),
        ("brave", ACCEPTING, "b2"),
        ("in-a", IN_A, "a3"),
        ("only-1", ONLY_A1, "a1"),
        ("other", ANYWHERE, "b1"),
    ):
        await put_vm(client, name, placement)
        await boot(client, name, host)
    await put_vm(client, "pinned", discovers=False)
    await boot(client, "pinned", "b3", cpus="0-3")
    await put_vm(client, "idle", ACCEPTING)


async def test_metrics_count_what_lists_show(client: httpx.AsyncClient) -> None:
    assert not any((await conditions_agree(client)).values())
    await settled(client)
    assert await conditions_agree(client) == {
        Condition.EXPOSED: [],
        # only-1 by its placement; AmpereOne is there but once.
        Condition.WITHOUT_TARGET: ["only-1", "other"],
        Condition.ACCEPTING_HAZARDS: ["brave"],
        Condition.OUTDATED: [],
    }


async def test_they_follow_the_fleet(client: httpx.AsyncClient) -> None:
    await settled(client)
    # A new CPU: whoever may meet it and was not told of it.
    await put_host(client, "a4", N1_NEW, labels={"zone": "a"})
    found = await conditions_agree(client)
    assert found[Condition.OUTDATED] == ["any-1", "any-2", "any-3", "brave", "in-a"]
    # Other registers under VMs.
    await put_host(client, "a1", V2, labels={"zone": "a"})
    found = await conditions_agree(client)
    assert found[Condition.EXPOSED] == ["any-1", "any-2", "only-1"]
    # The only target left for some is where they are; it is one more for those elsewhere.
    for name in ("a1", "a3", "b1", "b2", "b3"):
        await patch_host(client, name, state="cordoned")
    await patch_host(client, "a4", state="maintenance")
    found = await conditions_agree(client)
    assert found[Condition.WITHOUT_TARGET] == ["any-3", "only-1", "other"]
    await patch_host(client, "a2", observed_at="2026-11-20T10:00:00Z")
    found = await conditions_agree(client)
    assert len(found[Condition.WITHOUT_TARGET]) == 8
    assert await listed(client, 1, "/v1/hosts", stale="true") == ["a2"]


async def test_they_follow_the_vms(client: httpx.AsyncClient) -> None:
    await settled(client)
    await put_host(client, "a5", N1, labels={"zone": "a"})
    await close(client, await admit(client, "pinned", "a5"), "complete")
    await admit(client, "any-1", "a2")
    await stop(client, "only-1")
    await put_vm(client, "in-a", ONLY_A1)
    await put_vm(client, "any-2", {"include_hosts": ["a1", "a5"]})
    assert await conditions_agree(client) == {
        Condition.EXPOSED: [],
        Condition.WITHOUT_TARGET: ["other"],
        Condition.ACCEPTING_HAZARDS: ["brave"],
        Condition.OUTDATED: [],
    }
    # Home again, and the other kind of CPU is still there: it is pinned no more.
    await patch_host(client, "b3", cpus=[group(N1)])
    home = await admit(client, "pinned", "b3")
    await patch_host(client, "b3", cpus=[group(N1, "0-3"), group(V1, "4-7")])
    await close(client, home, "complete")
    found = await conditions_agree(client)
    assert found[Condition.EXPOSED] == ["pinned"]


async def test_filters_are_combined_with_states_and_hosts(client: httpx.AsyncClient) -> None:
    await settled(client)
    await put_host(client, "a1", V2, labels={"zone": "a"})
    await admit(client, "any-2", "a2")
    for limit in LIMITS:
        assert await listed(client, limit, exposed="true", host="a1") == ["any-1", "any-2", "only-1"]
        assert await listed(client, limit, exposed="true", host="a2") == []
        assert await listed(client, limit, exposed="true", state="migrating") == ["any-2"]
        assert await listed(client, limit, exposed="false", state="defined") == ["idle"]
        assert await listed(client, limit, exposed="true", without_target="false") == ["any-1", "any-2"]


async def test_filters_of_hosts_agree_with_the_metrics(client: httpx.AsyncClient) -> None:
    await settled(client)
    await put_host(client, "old", N1, observed_at="2026-11-20T10:00:00Z", state="retired")
    await put_host(client, "half", (*N1[:2], None))
    await put_host(client, "both", (*V1[:2], None), observed_at="2026-11-20T10:00:00Z")
    counts = await counted(client)
    everybody = await listed(client, 100, "/v1/hosts")
    for parameter, metric, expected in (
        ("stale", "hosts_stale", ["both", "old"]),
        ("incomplete", "hosts_identity_incomplete", ["both", "half"]),
        ("unreadable", "hosts_unreadable", []),
    ):
        for limit in LIMITS:
            found = await listed(client, limit, "/v1/hosts", **{parameter: "true"})
            others = await listed(client, limit, "/v1/hosts", **{parameter: "false"})
            assert found == expected
            assert sorted([*found, *others]) == everybody
        assert counts[metric] == len(expected)
    assert await listed(client, 1, "/v1/hosts", stale="true", incomplete="false", state="retired") == ["old"]
