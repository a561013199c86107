"""What registers a host ever reported, when, and who said so."""

import httpx
import pytest

from tests.api.talk import N1, N2, V1, Json, get, group, import_hosts, patch_host, put_host, refused, triples

pytestmark = pytest.mark.anyio


async def history(client: httpx.AsyncClient, name: str = "h1") -> list[Json]:
    found = await get(client, f"/v1/hosts/{name}/history")
    assert found["host"] == name
    items: list[Json] = found["items"]
    return items


def spans(item: Json) -> list[tuple[int, bool]]:
    """The revision at which each period began, and whether it has ended."""
    return [(period["fleet_revision"], period["until"] is not None) for period in item["periods"]]


async def test_the_first_report(client: httpx.AsyncClient) -> None:
    created = await put_host(client, "h1", group(N1, "0-3"), group(N2, "4-7"))
    (item,) = await history(client)
    assert item["cpus"] == created["cpus"]
    assert item["implementations"] == created["implementations"]
    assert (item["identity_complete"], item["current"]) == (True, True)
    assert item["first_reported_at"] == created["created_at"]
    (period,) = item["periods"]
    assert period == {
        "since": created["created_at"],
        "until": None,
        "reported_by": "anonymous@127.0.0.1",
        "fleet_revision": 1,
    }


async def test_there_and_back_again(client: httpx.AsyncClient) -> None:
    for implementation in (N1, N2, N1, V1, N2):
        await put_host(client, "h1", implementation)
    items = await history(client)
    assert [triples(item["implementations"]) for item in items] == [[N1], [N2], [V1]]
    assert [item["current"] for item in items] == [False, True, False]
    assert [spans(item) for item in items] == [[(1, True), (3, True)], [(2, True), (5, False)], [(4, True)]]
    first, second, third = (item["periods"] for item in items)
    in_order = [first[0], second[0], first[1], third[0], second[1]]
    assert [period["until"] for period in in_order] == [*(period["since"] for period in in_order[1:]), None]


async def test_only_registers_and_their_cpus_make_history(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1, observed_at="2026-11-22T10:00:00Z")
    await put_host(client, "h1", N1, observed_at="2026-11-22T11:00:00Z")
    await patch_host(client, "h1", state="cordoned", labels={"zone": "fra1"}, kernel_release="6.18.0")
    (item,) = await history(client)
    assert spans(item) == [(1, False)]
    await put_host(client, "h1", group(N1, "0-3"))
    assert len(await history(client)) == 2


async def test_an_unknown_aidr_that_becomes_known(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", (N1[0], 0, None))
    await put_host(client, "h1", N1)
    assert [item["identity_complete"] for item in await history(client)] == [False, True]


async def test_history_survives_deletion(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await client.delete("/v1/hosts/h1")
    (gone,) = await history(client)
    assert (gone["current"], spans(gone)) == (False, [(1, True)])
    await put_host(client, "h1", N1)
    (back,) = await history(client)
    assert (back["current"], spans(back)) == (True, [(1, True), (3, False)])


async def test_imports_make_history_too(client: httpx.AsyncClient) -> None:
    for midr in ("0x413fd0c1", "0x410fd490", "0x410fd490", "0x413fd0c1"):
        line = f'{{"name": "h1", "cpus": [{{"midr": "{midr}", "revidr": 0, "aidr": 0}}]}}'
        assert (await import_hosts(client, line)).status_code == 200
    one, two = await history(client)
    assert (spans(one), spans(two)) == ([(1, True), (3, False)], [(2, True)])
    assert one["periods"][1]["reported_by"] == "anonymous@127.0.0.1"


async def test_histories_are_kept_apart(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_host(client, "h2", N2)
    (item,) = await history(client, "h2")
    assert triples(item["implementations"]) == [N2]


async def test_a_host_that_never_was(client: httpx.AsyncClient) -> None:
    refused(await client.get("/v1/hosts/h1/history"), 404, "host_not_found")
