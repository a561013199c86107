"""The service is killed at work: what it had answered is there, what it had not is there whole or not at all."""

import random
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import orjson
import pytest

from app.storage.schema import upgrade
from demo.service import Service, running
from tests.concurrency.clients import connected
from tests.concurrency.crowd import Crowd
from tests.concurrency.witness import Sql, evidence, station_witness
from tests.databases import postgresql_database, sqlite_url
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

NDJSON: Final = "application/x-ndjson"
KEPT, CHANGED, CREATED = range(1000), range(1000, 2000), 300
CLIENTS_THAT_CHANGE_HOSTS: Final = 4
"""Of a crowd: each may have been killed before its last answer arrived."""
LATEST_KILL: Final = 0.3
"""Seconds after the last byte of an import; more on a machine where a whole import takes longer."""


@dataclass(frozen=True)
class Stage:
    """A database, on which services are started and killed one after the other."""

    sql: Sql

    def service(self, workers: int) -> AbstractContextManager[Service]:
        self._let_the_dead_leave()
        return running("--workers", str(workers), database_url=self.sql.url)

    def _let_the_dead_leave(self) -> None:
        """PostgreSQL finishes the statement at hand before it notices that nobody is there any more."""
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        if self.on_postgresql:
            wait_until(lambda: not self.sql.rows(f"SELECT 1 {others}"))

    @property
    def on_postgresql(self) -> bool:
        return self.sql.url.startswith("postgresql")


@dataclass(frozen=True)
class Fleet:
    """All that an import changes."""

    revision: int
    hosts: dict[str, tuple[int, str, str]]
    """Revision, REVIDR and kernel release by name."""

    @classmethod
    def of(cls, client: httpx.Client) -> "Fleet":
        page: dict[str, Any] = {"next_cursor": ""}
        hosts: dict[str, tuple[int, str, str]] = {}
        while page["next_cursor"] is not None:
            cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
            page = client.get("/v1/hosts", params={"limit": 1000, **cursor}).json()
            for each in page["items"]:
                hosts[each["name"]] = (each["fleet_revision"], each["cpus"][0]["revidr"], each["kernel_release"])
        return cls(page["fleet_revision"], hosts)


@dataclass(frozen=True)
class Import:
    """The n-th import: some hosts stay as they are, some change, some are new."""

    number: int

    @property
    def body(self) -> bytes:
        kept = (_line(f"kept-{each}", 0) for each in KEPT)
        changed = (_line(f"changed-{each}", self.number) for each in CHANGED)
        created = (_line(f"created-{self.number}-{each}", self.number) for each in range(CREATED))
        return b"".join([*kept, *changed, *created])

    @property
    def head(self) -> bytes:
        length = len(self.body)
        lines = ["POST /v1/hosts:import HTTP/1.1", "Host: roadstead", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Type": NDJSON, "Idempotency-Key": f"import-{self.number}"}

    def upon(self, before: Fleet) -> Fleet:
        """The fleet when it is done."""
        revision = before.revision + 1
        new = (revision, f"{self.number:#018x}", f"release {self.number}")
        changed = {f"changed-{each}": new for each in CHANGED}
        created = {f"created-{self.number}-{each}": new for each in range(CREATED)}
        return Fleet(revision, before.hosts | changed | created)


def _line(name: str, number: int) -> bytes:
    cpus = [{"midr": "0x411fd401", "revidr": f"{number:#x}", "aidr": "0x0"}]
    return orjson.dumps({"name": name, "cpus": cpus, "kernel_release": f"release {number}"}) + b"\n"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    if request.param == "sqlite":
        path = tmp_path / "roadstead.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield Stage(Sql(sqlite_url(path)))
    else:
        with postgresql_database(request.getfixturevalue("postgresql")) as url:
            upgrade(url)
            yield Stage(Sql(url))


def test_killed_while_an_import_arrives(stage: Stage) -> None:
    with stage.service(workers=2) as started, connected(started.url) as client:
        send(client, Import(1))
        before = Fleet.of(client)
        arriving = Import(2)
        with socket.create_connection(("127.0.0.1", started.port)) as connection:
            connection.sendall(arriving.head)
            for part in pieces(arriving.body[: len(arriving.body) // 2], 20):
                connection.sendall(part)
                time.sleep(0.02)
            started.kill()
    with stage.service(workers=2) as started, connected(started.url) as client:
        assert Fleet.of(client) == before
        send(client, arriving)
        assert Fleet.of(client) == arriving.upon(before)


@pytest.mark.parametrize("kills", [2, pytest.param(12, marks=pytest.mark.long)])
def test_killed_after_the_last_byte_of_an_import(stage: Stage, kills: int) -> None:
    chance = random.Random(0)
    with stage.service(workers=1) as started, connected(started.url) as client:
        begun = time.monotonic()
        send(client, Import(1))
        latest_kill = max(LATEST_KILL, 1.2 * (time.monotonic() - begun))
        before, sent = Fleet.of(client), Import(2)
        send_and_kill(started, sent, after=chance.uniform(0, latest_kill))
    for number in range(3, kills + 2):
        with stage.service(workers=1) as started, connected(started.url) as client:
            before, sent = whole_or_not_at_all(client, sent, before), Import(number)
            send_and_kill(started, sent, after=chance.uniform(0, latest_kill))
    with stage.service(workers=1) as started, connected(started.url) as client:
        whole_or_not_at_all(client, sent, before)


def test_killed_under_a_crowd(stage: Stage) -> None:
    station_witness(stage.sql)
    with stage.service(workers=2) as started:
        crowd = Crowd(started.url)
        crowd.gather()
        crowd.run_until_lost(lambda tale: tale.has(5), started.kill)
    tale = crowd.tale
    assert tale.admitted
    with stage.service(workers=2) as started, connected(started.url) as client:
        for migration in tale.admitted:
            assert client.get(f"/v1/migrations/{migration['id']}").is_success
        for boot in tale.booted:
            vm, number = boot.split("/")
            assert client.get(f"/v1/vms/{vm}/boots/{number}").is_success
        answered = len(tale.revisions) + len(tale.deletions)
        assert answered <= client.get("/v1/hosts").json()["fleet_revision"] <= answered + CLIENTS_THAT_CHANGE_HOSTS
        again = Crowd(started.url)
        again.run(lambda tale: tale.has(5))
        assert not [answer for answer in again.tale.answers if answer[1] >= 500]
    assert [each for each in evidence(stage.sql) if not each.told] == []


def send(client: httpx.Client, sent: Import) -> dict[str, int]:
    answer = client.post("/v1/hosts:import", content=sent.body, headers=sent.headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, int] = answer.json()
    return told


def send_and_kill(started: Service, sent: Import, after: float) -> None:
    with socket.create_connection(("127.0.0.1", started.port)) as connection:
        connection.sendall(sent.head + sent.body)
        time.sleep(after)
        started.kill()


def whole_or_not_at_all(client: httpx.Client, sent: Import, before: Fleet) -> Fleet:
    """The fleet after an import that was killed; complete, once its client has sent it again."""
    after = sent.upon(before)
    assert Fleet.of(client) in (before, after)
    told = send(client, sent)
    assert (told["created"], told["updated"], told["unchanged"]) == (CREATED, len(CHANGED), len(KEPT))
    assert told["fleet_revision"] == after.revision
    assert Fleet.of(client) == after
    return after


def pieces(content: bytes, count: int) -> Iterator[bytes]:
    size = len(content) // count + 1
    return (content[start : start + size] for start in range(0, len(content), size))
