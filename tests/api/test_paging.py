"""Long answers come in pages, in an order that stays."""

import base64
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.api.talk import Json, admit, boot, close, get, import_hosts, put_host, put_vm, refused, stop

pytestmark = pytest.mark.anyio

NAMES = [f"h{number}" for number in range(12)]
"""Not in the order of their numbers: h10 stands before h2."""


async def pages(client: httpx.AsyncClient, path: str, limit: int, **params: str) -> list[list[Json]]:
    """Every page of a list, followed to its end."""
    found = []
    while True:
        page = await get(client, path, limit=limit, **params)
        found.append(page["items"])
        if page["next_cursor"] is None:
            return found
        params["cursor"] = page["next_cursor"]


def lines(names: list[str], midr: str = "0x413fd0c1") -> str:
    return "".join(f'{{"name":"{name}","cpus":[{{"midr":"{midr}","revidr":"0x0","aidr":"0x0"}}]}}\n' for name in names)


@pytest.fixture
async def peopled(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Twelve hosts, twelve VMs of which one runs, has booted four times and migrated four times."""
    await import_hosts(client, lines(NAMES))
    for name in NAMES:
        await put_host(client, name, (0x413FD0C1, int(name[1:]), 0))
        await put_vm(client, name)
    for _ in range(4):
        await boot(client, "h1", "h1")
        migration = await admit(client, "h1", "h2")
        await close(client, migration, "fail")
        await stop(client, "h1")
    await boot(client, "h1", "h1")
    return client


LISTS: list[tuple[str, Callable[[Json], object], list[Any]]] = [
    ("/v1/hosts", lambda item: item["name"], sorted(NAMES)),
    ("/v1/vms", lambda item: item["name"], sorted(NAMES)),
    ("/v1/vms/h1/boots", lambda item: item["boot"], [1, 2, 3, 4, 5]),
    ("/v1/vms/h1/targets", lambda item: item["host"], sorted(set(NAMES) - {"h1"})),
    ("/v1/implementations", lambda item: int(item["revidr"], 16), list(range(12))),
]


async def test_pages_join_to_the_whole_whatever_their_size(peopled: httpx.AsyncClient) -> None:
    for path, key, expected in LISTS:
        (whole,) = await pages(peopled, path, 1000)
        assert [key(item) for item in whole] == expected
        for limit in (1, 2, 5, len(whole) - 1, len(whole)):
            found = await pages(peopled, path, limit)
            assert [item for page in found for item in page] == whole
            assert {len(page) for page in found[:-1]} <= {limit}
            assert 1 <= len(found[-1]) <= limit


async def test_pages_of_migrations_are_in_the_order_of_admission(peopled: httpx.AsyncClient) -> None:
    (whole,) = await pages(peopled, "/v1/migrations", 1000)
    admitted = [item["admitted_at"] for item in whole]
    assert len(admitted) == 4
    assert admitted == sorted(admitted)
    assert await pages(peopled, "/v1/migrations", 3) == [whole[:3], whole[3:]]


async def test_a_hundred_by_default_and_a_thousand_at_most(client: httpx.AsyncClient) -> None:
    names = [f"h{number:04}" for number in range(1001)]
    await import_hosts(client, lines(names))
    first = await get(client, "/v1/hosts")
    assert [item["name"] for item in first["items"]] == names[:100]
    assert first["next_cursor"] is not None
    found = await pages(client, "/v1/hosts", 1000)
    assert [len(page) for page in found] == [1000, 1]


async def test_filters_hold_on_every_page(peopled: httpx.AsyncClient) -> None:
    for name in ("h3", "h5", "h11"):
        await peopled.patch(f"/v1/hosts/{name}", json={"state": "cordoned"})
    found = await pages(peopled, "/v1/hosts", 2, state="cordoned")
    assert [[item["name"] for item in page] for page in found] == [["h11", "h3"], ["h5"]]


async def test_a_page_continues_where_it_was_whatever_changed_before_it(peopled: httpx.AsyncClient) -> None:
    for path in ("/v1/hosts", "/v1/vms"):
        first = await get(peopled, path, limit=3)
        assert [item["name"] for item in first["items"]] == ["h0", "h1", "h10"]
        await peopled.delete(f"{path}/h0")
        await peopled.delete(f"{path}/h10")
        await peopled.put(f"{path}/a", json=_new(path))
        second = await get(peopled, path, limit=3, cursor=first["next_cursor"])
        assert [item["name"] for item in second["items"]] == ["h11", "h2", "h3"]


def _new(path: str) -> Json:
    if path == "/v1/hosts":
        return {"cpus": [{"midr": "0x413fd0c1", "revidr": 0, "aidr": 0}]}
    return {"guest": {"discovers_implementations": True}}


def cursor(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


async def test_what_is_no_cursor(peopled: httpx.AsyncClient) -> None:
    for path in [path for path, _, _ in LISTS] + ["/v1/migrations"]:
        for faulty in ("", "x", "h1", "!!", "aDE=", "ä", cursor(b"\xff"), cursor(b"a\x00"), cursor(b"a") + "A"):
            refused(await peopled.get(path, params={"cursor": faulty}), 422, "invalid_cursor")


async def test_a_cursor_of_another_list(peopled: httpx.AsyncClient) -> None:
    for path in ("/v1/migrations", "/v1/vms/h1/boots"):
        for faulty in (b"h1", b"-1", b"1.5", b"9" * 20):
            refused(await peopled.get(path, params={"cursor": cursor(faulty)}), 422, "invalid_cursor")


async def test_an_empty_list_is_one_empty_page(client: httpx.AsyncClient) -> None:
    for path in ("/v1/hosts", "/v1/vms", "/v1/implementations", "/v1/migrations"):
        assert await pages(client, path, 1) == [[]]
