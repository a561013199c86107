"""The floor of boots and migrations: the same rows locked and written, in as many transactions, and nothing else.

No HTTP, no rules, rows that are ready-made: asyncpg's own statements, or sqlite3's. See `bench.cycle`.
"""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Self
from uuid import uuid4

import asyncpg
import uvloop
from typing_extensions import override

from app.storage.tables import boots
from bench.cycle import Client, Course, run

Statement = tuple[str, Sequence[Any]]

_HOST: Final = "SELECT * FROM hosts WHERE name = $1 FOR SHARE"
_VM: Final = "SELECT * FROM vms WHERE name = $1 FOR UPDATE"
_LIST: Final = "INSERT INTO implementation_lists VALUES ($1, $2) ON CONFLICT DO NOTHING"
_PLACES: Final = ", ".join(f"${place}" for place in range(2, len(boots.columns)))
_SEALED: Final = f"INSERT INTO boots VALUES ($1, (SELECT boots + 1 FROM vms WHERE id = $1), {_PLACES})"
_BOOTED: Final = (
    "UPDATE vms SET version = version + 1, boots = boots + 1, boot = boots + 1, moved = FALSE, host_id = $2"
    " WHERE id = $1"
)
_TOUCHED: Final = "UPDATE vms SET version = version + 1 WHERE id = $1"
_MOVED: Final = "UPDATE vms SET version = version + 1, moved = TRUE, host_id = $2 WHERE id = $1"
_STOPPED: Final = "UPDATE vms SET version = version + 1, boot = NULL, host_id = NULL WHERE id = $1"
_ADMITTED: Final = (
    "INSERT INTO migrations (id, vm_id, vm, source, target, target_id, state, digest, admitted_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, 'admitted', $7, $8)"
)
_SEEN: Final = "SELECT * FROM migrations WHERE id = $1"
_MIGRATION: Final = f"{_SEEN} FOR UPDATE"
_CLOSED: Final = "UPDATE migrations SET state = 'completed', closed_at = $2 WHERE id = $1"


class Driver(ABC):
    @abstractmethod
    async def transaction(self, statements: Sequence[Statement]) -> None:
        """All of it, committed."""

    @abstractmethod
    async def row(self, statement: str, *arguments: object) -> Sequence[Any]: ...


class _OnPostgresql(Driver):
    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection

    @override
    async def transaction(self, statements: Sequence[Statement]) -> None:
        async with self._connection.transaction():
            for statement, arguments in statements:
                await self._connection.fetch(statement, *arguments)

    @override
    async def row(self, statement: str, *arguments: object) -> Sequence[Any]:
        found = await self._connection.fetchrow(statement, *arguments)
        assert found is not None
        return tuple(found)


class _OnSqlite(Driver):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        for pragma in ("synchronous = FULL", "foreign_keys = ON", "busy_timeout = 30000"):
            connection.execute(f"PRAGMA {pragma}")

    @override
    async def transaction(self, statements: Sequence[Statement]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for statement, arguments in statements:
            self._connection.execute(_for_sqlite(statement), arguments).fetchall()
        self._connection.execute("COMMIT")

    @override
    async def row(self, statement: str, *arguments: object) -> Sequence[Any]:
        found: Sequence[Any] = self._connection.execute(_for_sqlite(statement), arguments).fetchone()
        return found


def told_time(at: str) -> object:
    """Now, as this database takes it."""
    now = datetime.now(UTC)
    return int(now.timestamp() * 1_000_000) if at.startswith("sqlite") else now


def _for_sqlite(statement: str) -> str:
    return statement.replace("$", "?").removesuffix(" FOR UPDATE").removesuffix(" FOR SHARE")


async def connected(at: str) -> Driver:
    if at.startswith("sqlite"):
        return _OnSqlite(sqlite3.connect(at.removeprefix("sqlite:///"), isolation_level=None))
    return _OnPostgresql(await asyncpg.connect(at))


async def _run(course: Course) -> None:
    # SQLite lets one write at a time; more connections in one process would only wait for each other.
    drivers = [await connected(course.at) for _ in course.clients[: 1 if course.at.startswith("sqlite") else None]]
    vms = [await FloorVm.found(driver, client) for driver, client in zip(drivers, course.clients, strict=False)]
    await run(course, [partial(_live, course, driver, vm) for driver, vm in zip(drivers, vms, strict=True)])


async def _live(course: Course, driver: Driver, vm: "FloorVm") -> None:
    await driver.transaction(vm.boot())
    if course.moves:
        id_ = uuid4().hex
        await driver.transaction(vm.admit(id_, told_time(course.at)))
        await driver.transaction(vm.verify(id_))
        await driver.transaction(vm.complete(id_, told_time(course.at)))
    await driver.transaction(vm.stop())


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorVm:
    """A VM with all that its statements need to know, found once."""

    client: Client
    key: int
    source: int
    target: int
    digest: bytes
    entries: bytes
    sealed: Sequence[Any]
    """A row of `boots`."""

    @classmethod
    async def found(cls, driver: Driver, client: Client) -> Self:
        (key,) = await driver.row("SELECT id FROM vms WHERE name = $1", client.vm)
        sealed = await driver.row("SELECT * FROM boots WHERE vm_id = $1 ORDER BY number DESC LIMIT 1", key)
        digest, entries = await driver.row(
            "SELECT digest, entries FROM implementation_lists JOIN boots USING (digest) WHERE vm_id = $1 LIMIT 1", key
        )
        (source,) = await driver.row("SELECT id FROM hosts WHERE name = $1", client.source)
        (target,) = await driver.row("SELECT id FROM hosts WHERE name = $1", client.target)
        return cls(
            client=client,
            key=key,
            source=source,
            target=target,
            digest=digest,
            entries=entries,
            sealed=sealed,
        )

    def boot(self) -> Sequence[Statement]:
        return [
            (_HOST, (self.client.source,)),
            (_VM, (self.client.vm,)),
            (_LIST, (self.digest, self.entries)),
            (_SEALED, (self.key, *self.sealed[2:])),
            (_BOOTED, (self.key, self.source)),
        ]

    def admit(self, id_: str, now: object) -> Sequence[Statement]:
        client = self.client
        row = (id_, self.key, client.vm, client.source, client.target, self.target, self.digest, now)
        return [*self._locks, (_ADMITTED, row), (_TOUCHED, (self.key,))]

    def verify(self, id_: str) -> Sequence[Statement]:
        return [(_SEEN, (id_,)), *self._locks, (_MIGRATION, (id_,))]

    def complete(self, id_: str, now: object) -> Sequence[Statement]:
        return [*self.verify(id_), (_CLOSED, (id_, now)), (_MOVED, (self.key, self.target))]

    def stop(self) -> Sequence[Statement]:
        return [(_VM, (self.client.vm,)), (_STOPPED, (self.key,))]

    @property
    def _locks(self) -> Sequence[Statement]:
        return [(_HOST, (self.client.target,)), (_VM, (self.client.vm,))]


if __name__ == "__main__":
    uvloop.run(_run(Course.read()))
