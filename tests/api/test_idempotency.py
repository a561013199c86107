"""A POST that is sent twice with one key is carried out once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import update

from app.settings import Settings
from app.storage.database import create_engine
from app.storage.tables import answers
from tests.api.talk import N1, Json, admit, boot, done, get, host, put_host, put_vm, refused
from tests.serving import serving

pytestmark = pytest.mark.anyio

KEY = {"Idempotency-Key": "key-1"}
LINE = b'{"name": "h3", "cpus": [{"midr": "0x413fd0c1", "revidr": 0, "aidr": 0}]}'


@pytest.fixture
async def running(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A service with a VM that runs on h1 and may move to h2."""
    for name in ("h1", "h2"):
        await put_host(client, name)
    for name in ("vm-1", "stopped"):
        await put_vm(client, name)
    await boot(client, "vm-1", "h1")
    return client


async def boots(client: httpx.AsyncClient) -> object:
    return (await get(client, "/v1/vms/stopped/boots"))["items"]


async def boot_stopped(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/v1/vms/stopped/boots", json={"host": "h1"}, headers=KEY)


async def adopt_stopped(client: httpx.AsyncClient) -> httpx.Response:
    adopt = {"mode": "discoverable", "implementations": [{"midr": "0x413fd0c1", "revidr": 0, "aidr": 0}]}
    return await client.post("/v1/vms/stopped/boots", json={"host": "h1", "adopt": adopt}, headers=KEY)


async def migrate(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/v1/vms/vm-1/migrations", json={"target": "h2"}, headers=KEY)


async def halt(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/v1/vms/vm-1/stop", headers=KEY)


async def bring_in(client: httpx.AsyncClient) -> httpx.Response:
    line = LINE.replace(b"}]", b'}], "observed_at": "2026-11-22T10:00:00Z"')
    return await client.post("/v1/hosts:import", content=line, headers=KEY | {"Content-Type": "application/x-ndjson"})


Post = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]
POSTS = [boot_stopped, adopt_stopped, migrate, halt, bring_in]
SEEN = ["/v1/vms/vm-1", "/v1/vms/stopped", "/v1/vms/stopped/boots", "/v1/migrations", "/v1/hosts"]


def same(first: httpx.Response, again: httpx.Response) -> None:
    assert (again.status_code, again.content) == (first.status_code, first.content)
    for name in ("Content-Type", "Location"):
        assert again.headers.get(name) == first.headers.get(name)


@pytest.mark.parametrize("post", POSTS)
async def test_the_first_answer_is_given_again(running: httpx.AsyncClient, post: Post) -> None:
    first = await post(running)
    done(first)
    state = [(await running.get(path)).content for path in SEEN]
    same(first, await post(running))
    same(first, await post(running))
    assert [(await running.get(path)).content for path in SEEN] == state


@pytest.mark.parametrize("how", ["complete", "fail"])
async def test_closing_a_migration_once(running: httpx.AsyncClient, how: str) -> None:
    migration = await admit(running, "vm-1", "h2")
    path = f"/v1/migrations/{migration['id']}:{how}"
    first = await running.post(path, headers=KEY)
    assert done(first)["state"] == {"complete": "completed", "fail": "failed"}[how]
    same(first, await running.post(path, headers=KEY))


async def test_the_first_answer_outlives_what_it_was_about(running: httpx.AsyncClient) -> None:
    first = await boot_stopped(running)
    done(await running.post("/v1/vms/stopped/stop"))
    await running.delete("/v1/vms/stopped")
    same(first, await boot_stopped(running))
    refused(await running.get("/v1/vms/stopped"), 404, "vm_not_found")
    # Defined anew it is another VM, which nobody has booted: a repeat of what was asked of the former does not, either.
    await put_vm(running, "stopped")
    same(first, await boot_stopped(running))
    assert await boots(running) == []


async def test_the_first_answer_is_given_by_any_worker(settings: Settings, running: httpx.AsyncClient) -> None:
    first = await boot_stopped(running)
    async with serving(settings) as other:
        same(first, await boot_stopped(other))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/vms/stopped/boots", {"host": "h2"}),
        ("/v1/vms/stopped/boots", {"host": "h1", "cpus": "0"}),
        ("/v1/vms/vm-1/boots", {"host": "h1"}),
        ("/v1/vms/vm-1/migrations", {"target": "h2"}),
        ("/v1/vms/stopped/stop", None),
    ],
)
async def test_a_key_belongs_to_one_request(running: httpx.AsyncClient, path: str, body: Json | None) -> None:
    first = await boot_stopped(running)
    refused(await running.post(path, json=body, headers=KEY), 422, "idempotency_key_reused")
    same(first, await boot_stopped(running))


async def test_an_import_s_key_belongs_to_its_lines_and_query(running: httpx.AsyncClient) -> None:
    done(await bring_in(running))
    headers = KEY | {"Content-Type": "application/x-ndjson"}
    for path, line in (("", b""), ("?dry_run=true", LINE)):
        answer = await running.post(f"/v1/hosts:import{path}", content=line, headers=headers)
        refused(answer, 422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/v1/vms/vm-1/boots", {"host": "h1"}, 409, "vm_running"),
        ("/v1/vms/stopped/boots", {"host": "nowhere"}, 404, "host_not_found"),
        ("/v1/vms/stopped/migrations", {"target": "h2"}, 409, "vm_not_running"),
        ("/v1/vms/vm-1/migrations", {"target": "h1"}, 409, "not_a_target"),
        ("/v1/vms/nowhere/stop", None, 404, "vm_not_found"),
    ],
)
async def test_a_refusal_is_an_answer_and_given_again(
    running: httpx.AsyncClient, path: str, body: Json | None, status: int, code: str
) -> None:
    first = await running.post(path, json=body, headers=KEY)
    refused(first, status, code)
    # Whatever stood in the way is gone, and still the same request gets the same answer.
    await put_host(running, "nowhere")
    await put_vm(running, "nowhere")
    done(await running.post("/v1/vms/vm-1/stop"))
    await boot(running, "stopped", "h1")
    same(first, await running.post(path, json=body, headers=KEY))


async def test_a_refused_import_is_refused_again(running: httpx.AsyncClient) -> None:
    headers = KEY | {"Content-Type": "application/x-ndjson"}
    first = await running.post("/v1/hosts:import", content=b"{}", headers=headers)
    refused(first, 422, "invalid_import")
    same(first, await running.post("/v1/hosts:import", content=b"{}", headers=headers))
    refused(await running.post("/v1/hosts:import", content=b"[]", headers=headers), 422, "idempotency_key_reused")


async def test_a_request_that_was_not_understood_leaves_its_key_free(running: httpx.AsyncClient) -> None:
    refused(await running.post("/v1/vms/stopped/boots", json={"hots": "h1"}, headers=KEY), 422, "invalid_request")
    refused(await running.post("/v1/vms/stopped/boots", content=b"{}", headers=KEY), 415, "unsupported_media_type")
    done(await boot_stopped(running), 201)


async def test_a_dry_run_is_answered_again_and_keeps_nothing_else(running: httpx.AsyncClient) -> None:
    headers = KEY | {"Content-Type": "application/x-ndjson"}
    line = LINE.replace(b"}]", b'}], "observed_at": "2026-11-22T10:00:00Z"')
    first = await running.post("/v1/hosts:import?dry_run=true", content=line, headers=headers)
    assert done(first)["created"] == 1
    same(first, await running.post("/v1/hosts:import?dry_run=true", content=line, headers=headers))


async def test_without_a_key_every_request_is_carried_out(running: httpx.AsyncClient) -> None:
    await boot(running, "stopped", "h1")
    refused(await running.post("/v1/vms/stopped/boots", json={"host": "h1"}), 409, "vm_running")


async def test_other_keys_are_other_requests(running: httpx.AsyncClient) -> None:
    done(await boot_stopped(running), 201)
    other = {"Idempotency-Key": "key-2"}
    refused(await running.post("/v1/vms/stopped/boots", json={"host": "h1"}, headers=other), 409, "vm_running")


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 256, "ä"])
async def test_what_is_no_key(running: httpx.AsyncClient, key: str) -> None:
    headers = {b"Idempotency-Key": key.encode()}
    answer = await running.post("/v1/vms/stopped/boots", json={"host": "h1"}, headers=headers)
    assert refused(answer, 422, "invalid_request")["errors"][0]["location"] == "header"
    assert await boots(running) == []


async def test_keys_are_kept_for_a_day(settings: Settings, running: httpx.AsyncClient) -> None:
    first = await boot_stopped(running)
    await _make_older(settings, timedelta(hours=23, minutes=59))
    same(first, await boot_stopped(running))
    await _make_older(settings, timedelta(hours=24, minutes=1))
    refused(await boot_stopped(running), 409, "vm_running")


async def _make_older(settings: Settings, age: timedelta) -> None:
    engine = create_engine(settings)
    async with engine.begin() as connection:
        await connection.execute(update(answers).values(created_at=datetime.now(UTC) - age))
    await engine.dispose()


async def test_a_put_needs_no_key(client: httpx.AsyncClient) -> None:
    first = await client.put("/v1/hosts/h1", json=host(N1, observed_at="2026-11-22T10:00:00Z"), headers=KEY)
    again = await client.put("/v1/hosts/h1", json=host(N1, observed_at="2026-11-22T10:00:00Z"), headers=KEY)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
