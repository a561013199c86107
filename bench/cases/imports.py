"""Importing a fleet, beside the fastest way that PostgreSQL takes rows which are ready-made."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from http.client import HTTPConnection
from time import perf_counter
from typing import Any, Final, NamedTuple

import asyncpg
import uvloop

from app.storage.tables import hosts as hosts_table
from bench import postgresql
from bench.fleet import ndjson
from bench.lab import Lab, timed
from bench.load import HOST
from bench.report import Row, compared
from bench.service import Server, roadstead

_COLUMNS: Final = tuple(column.name for column in hosts_table.columns if column.name != "id")
_ALL: Final = ", ".join(_COLUMNS)
_UPSERT: Final = f"INSERT INTO hosts ({_ALL}) SELECT {_ALL} FROM staged ON CONFLICT (name) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}" for column in _COLUMNS
)
_GUARDED: Final = f"{_UPSERT} WHERE hosts.fingerprint IS DISTINCT FROM excluded.fingerprint"
_INSERT: Final = f"INSERT INTO hosts ({_ALL}) VALUES ({', '.join(f'${n + 1}' for n in range(len(_COLUMNS)))})"

_EMPTY: Final = "empty inventory"

Rows = Sequence[Sequence[Any]]


class _Step(NamedTuple):
    """An import into the database that the step before has left."""

    name: str
    body: bytes
    counted: str
    """What the answer must count all hosts under."""


class _Floor(NamedTuple):
    """What PostgreSQL does in place of a step."""

    step: str
    statement: str
    label: str = "COPY + upsert"
    aim: float | None = None

    @property
    def name(self) -> str:
        return f"{self.step} / {self.label}"


_FLOORS: Final = (
    _Floor(_EMPTY, _INSERT, "INSERT by executemany"),
    _Floor(_EMPTY, _UPSERT, aim=0.3),
    _Floor("nothing changes", _UPSERT, aim=0.3),
    _Floor("nothing changes", _GUARDED, "COPY + upsert WHERE … IS DISTINCT"),
    _Floor("only observed_at changes", _UPSERT),
    _Floor("all hosts change", _UPSERT, aim=0.3),
)


def measure(lab: Lab) -> Iterator[Row]:
    hosts = lab.fleet(100_000)
    steps = _steps(hosts)
    results = _results(lab, steps)
    found = lab.turns({"service": partial(_service, lab, steps, hosts), "floor": partial(_floors, lab, results)})
    for floor in _FLOORS:
        ours = [hosts / seconds[floor.step] for seconds in found["service"]]
        least = [hosts / seconds[floor.name] for seconds in found["floor"]]
        yield compared(f"import of {hosts:,} hosts, {floor.name}", "hosts/s", ours, least, floor.aim)


def _steps(hosts: int) -> tuple[_Step, ...]:
    before = ndjson(hosts)
    return (
        _Step(_EMPTY, before, "created"),
        _Step("nothing changes", before, "unchanged"),
        _Step("only observed_at changes", ndjson(hosts, day=23), "unchanged"),
        _Step("all hosts change", ndjson(hosts, day=24, kernel="6.18.1"), "updated"),
    )


def _results(lab: Lab, steps: Sequence[_Step]) -> dict[str, Rows]:
    """The rows that come of each step, ready-made for the floors."""
    found: dict[str, Rows] = {}
    with postgresql.database(lab.postgresql) as url, roadstead(url) as server:
        for step in steps:
            _post(server, step.body)
            found[step.name] = uvloop.run(_rows(url))
    return found


async def _rows(url: str) -> Rows:
    connection = await asyncpg.connect(url)
    rows = [tuple(row) for row in await connection.fetch(f"SELECT {_ALL} FROM hosts ORDER BY id")]
    await connection.close()
    return rows


def _post(server: Server, body: bytes) -> dict[str, Any]:
    # http.client sends a large body without copying it, so the client takes next to nothing.
    connection = HTTPConnection(HOST, server.port)
    connection.request("POST", "/v1/hosts:import", body, {"Content-Type": "application/x-ndjson"})
    answer = connection.getresponse()
    document: dict[str, Any] = json.loads(answer.read())
    assert answer.status == 200, document
    connection.close()
    return document


def _service(lab: Lab, steps: Sequence[_Step], hosts: int) -> dict[str, float]:
    """Seconds by step."""
    with postgresql.database(lab.postgresql) as url, roadstead(url) as server:

        def run(step: _Step) -> None:
            assert _post(server, step.body)[step.counted] == hosts

        return {step.name: _timed_at_rest(url, partial(run, step)) for step in steps}


def _timed_at_rest(url: str, work: Callable[[], object]) -> float:
    """Seconds, begun when nothing is left to do from before."""
    postgresql.execute(url, "VACUUM ANALYZE", "CHECKPOINT")
    return timed(work)


def _floors(lab: Lab, results: dict[str, Rows]) -> dict[str, float]:
    """Seconds by floor."""
    with postgresql.database(lab.postgresql) as url:
        return {floor.name: uvloop.run(_floor(url, floor, results[floor.step])) for floor in _FLOORS}


async def _floor(url: str, floor: _Floor, rows: Rows) -> float:
    connection = await asyncpg.connect(url)
    try:
        if floor.step == _EMPTY:
            await connection.execute("TRUNCATE hosts CASCADE")
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
        begun = perf_counter()
        if floor.statement is _INSERT:
            await connection.executemany(_INSERT, rows)
        else:
            await _copy_and_merge(connection, floor.statement, rows)
        return perf_counter() - begun
    finally:
        await connection.close()


async def _copy_and_merge(connection: "asyncpg.Connection[asyncpg.Record]", statement: str, rows: Rows) -> None:
    async with connection.transaction():
        await connection.execute("CREATE TEMPORARY TABLE staged (LIKE hosts) ON COMMIT DROP")
        await connection.execute("ALTER TABLE staged DROP COLUMN id")
        await connection.copy_records_to_table("staged", records=rows, columns=_COLUMNS)
        await connection.execute(statement)
