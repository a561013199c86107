"""The service as a program: how it starts, what it refuses to start on, how it ends."""

import asyncio
import json
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.settings import Settings
from app.storage.schema import mismatch_at, upgrade, wanted_revision
from demo.service import PROGRAM, Service, environment, running
from tests.api.talk import ABLE, Json
from tests.databases import execute, sqlite_url
from tests.waiting import PATIENCE, wait_until

NDJSON = "application/x-ndjson"
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
LINE = b'{"name": "h%d", "cpus": [{"midr": "0x413fd0c1", "revidr": 0, "aidr": 0}]}\n'
HOST: Json = {
    "cpus": [{"midr": "0x413fd0c1", "revidr": "0x0", "aidr": "0x0"}],
    "capabilities": ABLE,
    "observed_at": "2026-11-22T10:00:00Z",
}


def roadstead(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself, with settings by name."""
    return subprocess.run(
        [PROGRAM, *arguments],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def ended_well(service: Service) -> str:
    """End it as a supervisor does; what it has logged."""
    service.process.send_signal(signal.SIGTERM)
    code, logged = service.ended()
    assert code == 0, logged
    assert "Traceback" not in logged
    return logged


@pytest.fixture
def postgresql_url(empty_postgresql: str) -> str:
    upgrade(empty_postgresql)
    return empty_postgresql


@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_ends_it_well_and_what_it_was_doing_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """Over an SQLite database that it makes itself, where nothing says which: in the user's data directory."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with running("--workers", str(workers)) as service:
        created = service.ask("PUT", "/v1/hosts/h1", json=HOST)
        assert created.status_code == 201
        with slow_import(service.url) as finish:
            service.process.send_signal(signal.SIGTERM)
            # Time to end too early in: on a busy machine, which needs more, less is seen of a fault.
            time.sleep(0.5)
            assert service.process.poll() is None
            status, answer = finish()
        code, logged = service.ended()
        assert code == 0, logged
        assert "Traceback" not in logged
    assert (status, answer["created"]) == (200, 2)
    assert (tmp_path / "roadstead" / "roadstead.db").exists()
    with running() as service:
        found = service.ask("GET", "/v1/hosts").json()["items"]
        assert found[0] == created.json()
        assert [item["name"] for item in found] == ["h1", "h2", "h3"]
        service.process.send_signal(signal.SIGTERM)
        assert service.ended()[0] == 0


def test_a_client_that_goes_away_in_an_import_leaves_no_trace(tmp_path: Path) -> None:
    class GoesAwayError(Exception):
        pass

    def lines() -> Iterator[bytes]:
        yield LINE % 2
        raise GoesAwayError

    with running(database_url=sqlite_url(tmp_path / "roadstead.db")) as service:
        with pytest.raises(GoesAwayError):
            service.ask("POST", "/v1/hosts:import", content=lines(), headers={"Content-Type": NDJSON})
        wait_until(lambda: 'route="/v1/hosts:import",status="499"} 1.0' in service.ask("GET", "/metrics").text)
        assert service.ask("GET", "/v1/hosts").json()["items"] == []
        service.process.send_signal(signal.SIGTERM)
        code, logged = service.ended()
        assert code == 0
        assert "Traceback" not in logged
        assert "POST /v1/hosts:import 499" in logged


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("database_url", "mysql://db/r", "is neither sqlite:////path/x.db nor postgresql://user@host/name"),
        ("access_log", "some", "must be 'none', 'changes' or 'all', not \"some\""),
        ("request_timeout", "15x", 'must be a duration such as 15m or PT15M, not "15x"'),
        ("request_timeout", "0", "must be longer than 0 s"),
        ("request_timeout", "999999999999d", 'must be a duration such as 15m or PT15M, not "999999999999d"'),
        ("database_pool_size", "many", 'must be an integer, not "many"'),
        ("data_dir", "/no/such/directory", 'must be a directory that is there, not "/no/such/directory"'),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str, sentence: str) -> None:
    refused = roadstead("serve", "--port", "0", **{name: value})
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"ROADSTEAD_{name.upper()}: ")
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("errata.json", "{}", "/format (line 1): is missing"),
        ("parts.json", "[{}]", "/0/implementer (line 1): is missing"),
    ],
)
def test_reference_data_that_cannot_be_used_is_told_from_its_faults(
    tmp_path: Path, name: str, content: str, fault: str
) -> None:
    (tmp_path / name).write_text(content)
    url = sqlite_url(tmp_path / "roadstead.db")
    refused = roadstead("serve", "--port", "0", database_url=url, data_dir=str(tmp_path))
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"ROADSTEAD_DATA_DIR: {name}: {fault}")
    assert "Traceback" not in refused.stderr


def test_a_misspelt_setting_is_told(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "roadstead.db")
    done = roadstead("db", "upgrade", database_url=url, max_inventroy_age="15m", server="http://127.0.0.1:8000")
    assert done.returncode == 0
    assert done.stderr == (
        "warning: there is no setting ROADSTEAD_MAX_INVENTROY_AGE: did you mean ROADSTEAD_MAX_INVENTORY_AGE?\n"
    )


@contextmanager
def slow_import(url: str) -> Iterator[Callable[[], tuple[int, Json]]]:
    """An import that the service has begun to read. The call sends its second and last line, and gives the answer."""
    first, last = LINE % 2, LINE % 3
    address = httpx.URL(url)
    with closing(HTTPConnection(address.host, address.port, timeout=PATIENCE)) as connection:
        connection.putrequest("POST", "/v1/hosts:import")
        connection.putheader("Content-Type", NDJSON)
        connection.putheader("Content-Length", f"{len(first + last)}")
        connection.putheader("Expect", "100-continue")
        connection.endheaders()
        # The server sends this when the application asks for the body.
        assert connection.sock.recv(len(GO_ON)) == GO_ON
        connection.send(first)

        def finish() -> tuple[int, Json]:
            connection.send(last)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

        yield finish


@pytest.mark.postgresql
def test_a_stale_postgresql_is_refused_with_the_command_that_mends_it(empty_postgresql: str) -> None:
    refused = roadstead("serve", "--port", "0", database_url=empty_postgresql)
    assert refused.returncode != 0
    assert "roadstead db upgrade" in refused.stderr
    assert "Traceback" not in refused.stderr
    # Many may upgrade at once, as replicas that start together do.
    with ThreadPoolExecutor(2) as pool:
        upgrades = [pool.submit(roadstead, "db", "upgrade", database_url=empty_postgresql) for _ in range(2)]
    for upgraded in upgrades:
        done = upgraded.result()
        assert (done.returncode, done.stderr) == (0, "")
        assert str(wanted_revision()) in done.stdout
    assert roadstead("db", "upgrade", database_url=empty_postgresql).returncode == 0
    assert asyncio.run(mismatch_at(Settings(database_url=empty_postgresql))) is None


@pytest.mark.postgresql
def test_workers_agree_over_postgresql(postgresql_url: str) -> None:
    """Whichever worker a connection reaches, it answers from the last change that was committed."""
    with running("--workers", "2", database_url=postgresql_url) as service:
        assert len(psutil.Process(service.process.pid).children()) >= 2
        guest = {"discovers_implementations": True}
        service.ask("PUT", "/v1/vms/vm-1", json={"guest": guest}).raise_for_status()
        service.ask("PUT", "/v1/hosts/h0", json=HOST).raise_for_status()
        service.ask("POST", "/v1/vms/vm-1/boots", json={"host": "h0"}).raise_for_status()
        for number in range(1, 13):
            service.ask("PUT", f"/v1/hosts/h{number}", json=HOST).raise_for_status()
            for _ in range(4):
                # A new connection each time: either worker may take it.
                found = service.ask("GET", "/v1/vms/vm-1/targets").raise_for_status().json()
                assert (found["total"], found["fleet_revision"]) == (number, number + 1)
        # What each has counted is told together, whichever is asked.
        for _ in range(4):
            assert requests_counted(service, "/v1/vms/{vm}/targets") == 48
        execute(postgresql_url, "UPDATE alembic_version SET version_num = 'older'")
        assert service.ask("GET", "/readyz").status_code == 503
        service.process.send_signal(signal.SIGTERM)
        assert service.ended()[0] == 0


def requests_counted(service: Service, route: str) -> float:
    text = service.ask("GET", "/metrics").raise_for_status().text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "roadstead_http_requests_total" and sample.labels["route"] == route
    )


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = roadstead("serve", "--port", str(taken.getsockname()[1]), database_url=sqlite_url(tmp_path / "x.db"))
    assert refused.returncode != 0
    assert "address already in use" in refused.stderr


def test_no_database_no_upgrade() -> None:
    nowhere = f"{tempfile.gettempdir()}/rs-nowhere"
    refused = roadstead("db", "upgrade", database_url=f"postgresql://postgres@/roadstead?host={nowhere}")
    assert refused.returncode != 0
    assert "the database cannot be used: " in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("url", ["sqlite://", "postgresql://u@h/x?connect_timeout=soon"])
def test_a_url_that_cannot_be_read(url: str) -> None:
    for command in (("serve", "--port", "0"), ("db", "upgrade")):
        refused = roadstead(*command, database_url=url)
        assert refused.returncode == 2
        assert refused.stderr.startswith("ROADSTEAD_DATABASE_URL: ")
        assert "Traceback" not in refused.stderr
