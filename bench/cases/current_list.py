"""Reading the list in force of a VM: what every VM start and every destination of a migration does."""

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import uvloop

from bench import floors, postgresql
from bench.fleet import VM
from bench.lab import Lab
from bench.load import Load, Question, put_load
from bench.report import Row, bounded, compared
from bench.service import Server, floor, load_fleet, roadstead

_HOSTS = 20
_PATH = f"/v1/vms/{VM}/implementation-list"


def measure(lab: Lab) -> Iterator[Row]:
    found = _on_postgresql(lab)
    ours = _rates(found["service"])
    yield compared("current list / FastAPI + asyncpg select", "req/s", ours, _rates(found["asyncpg"]), 0.6)
    yield compared("current list / FastAPI + SQLAlchemy select", "req/s", ours, _rates(found["sqlalchemy"]))
    yield bounded("current list, p99 of 32 clients", "ms", [load.p99 for load in found["service"]])
    found = _on_sqlite(lab)
    ours = _rates(found["service"])
    yield compared("current list on SQLite / FastAPI + sqlite3 select", "req/s", ours, _rates(found["sqlite"]))


def _rates(loads: list[Load]) -> list[float]:
    return [load.rate for load in loads]


def _on_postgresql(lab: Lab) -> dict[str, list[Load]]:
    with postgresql.database(lab.postgresql) as url, roadstead(url) as ours:
        body, headers = _prepared(ours)
        uvloop.run(floors.keep_in_postgresql(url, {VM: body}))
        told = floors.answer(b"", headers, url)
        with floor("asyncpg", told) as bare, floor("sqlalchemy", told) as usual:
            return _side_by_side(lab, body, {"service": ours, "asyncpg": bare, "sqlalchemy": usual})


def _on_sqlite(lab: Lab) -> dict[str, list[Load]]:
    with tempfile.TemporaryDirectory(prefix="rs-") as home, roadstead(f"sqlite:///{home}/roadstead.db") as ours:
        body, headers = _prepared(ours)
        beside = Path(home) / "floor.db"
        _keep_in_sqlite(beside, body)
        with floor("sqlite", floors.answer(b"", headers, str(beside))) as least:
            return _side_by_side(lab, body, {"service": ours, "sqlite": least})


def _prepared(ours: Server) -> tuple[bytes, dict[str, str]]:
    with ours.client() as client:
        load_fleet(client, _HOSTS)
        read = client.get(_PATH)
    return read.content, {name: read.headers[name] for name in ("etag", "cache-control", "content-type")}


def _keep_in_sqlite(path: Path, body: bytes) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(floors.TABLE.format(bytes="blob"))
    connection.execute("INSERT INTO answers_by_name VALUES (?, ?)", (VM, body))
    connection.close()


def _side_by_side(lab: Lab, body: bytes, servers: Mapping[str, Server]) -> dict[str, list[Load]]:
    questions = {
        name: Question.answered_by(body, server.port, _PATH, 32, lab.seconds) for name, server in servers.items()
    }
    return lab.loads({name: partial(put_load, question) for name, question in questions.items()})
