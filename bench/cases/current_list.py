"""Reading the list in force of a VM: what every VM start and every destination of a migration does."""

import sqlite3
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import asyncpg
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
    yield compared("current list / FastAPI + asyncpg select", "req/s", *_rates(found), 0.6)
    yield bounded("current list, p99 of 32 clients", "ms", [load.p99 for load in found["service"]])
    yield compared("current list on SQLite / FastAPI + sqlite3 select", "req/s", *_rates(_on_sqlite(lab)))


def _rates(found: dict[str, list[Load]]) -> tuple[list[float], list[float]]:
    return [load.rate for load in found["service"]], [load.rate for load in found["floor"]]


def _on_postgresql(lab: Lab) -> dict[str, list[Load]]:
    with postgresql.database(lab.postgresql) as url, roadstead(url) as ours:
        body, headers = _prepared(ours)
        uvloop.run(_keep_in_postgresql(url, body))
        with floor("postgresql", floors.answer(b"", headers, url)) as least:
            return _side_by_side(lab, body, ours, least)


def _on_sqlite(lab: Lab) -> dict[str, list[Load]]:
    with tempfile.TemporaryDirectory(prefix="rs-") as home, roadstead(f"sqlite:///{home}/roadstead.db") as ours:
        body, headers = _prepared(ours)
        beside = Path(home) / "floor.db"
        _keep_in_sqlite(beside, body)
        with floor("sqlite", floors.answer(b"", headers, str(beside))) as least:
            return _side_by_side(lab, body, ours, least)


def _prepared(ours: Server) -> tuple[bytes, dict[str, str]]:
    with ours.client() as client:
        load_fleet(client, _HOSTS)
        read = client.get(_PATH)
    return read.content, {name: read.headers[name] for name in ("etag", "cache-control", "content-type")}


async def _keep_in_postgresql(url: str, body: bytes) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(floors.TABLE.format(bytes="bytea"))
    await connection.execute("INSERT INTO answers_by_name VALUES ($1, $2)", VM, body)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def _keep_in_sqlite(path: Path, body: bytes) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(floors.TABLE.format(bytes="blob"))
    connection.execute("INSERT INTO answers_by_name VALUES (?, ?)", (VM, body))
    connection.close()


def _side_by_side(lab: Lab, body: bytes, ours: Server, least: Server) -> dict[str, list[Load]]:
    questions = {
        name: Question.answered_by(body, server.port, _PATH, 32, lab.seconds)
        for name, server in {"service": ours, "floor": least}.items()
    }
    return lab.turns({name: partial(put_load, question) for name, question in questions.items()})
