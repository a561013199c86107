"""Reads of one row that are asked before anything else, and again and again.

They go past SQLAlchemy, whose share of so small a question is several times the database's (docs/performance.md).
"""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import asyncpg
from typing_extensions import override

from app.domain.errors import DatabaseUnavailable
from app.settings import Settings
from app.storage.database_loss import LOSSES
from app.storage.postgresql import Connection, connection_options, cut_if_silent
from app.storage.sqlite import database_file

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    PoolConnection = PoolConnectionProxy[asyncpg.Record]

Row = Sequence[Any]
"""Values as the driver has them: documents as text, moments of no type that could be named."""


class HotReads(Protocol):
    array: str
    """The function that makes a JSON array of the values of several rows."""

    async def row(self, query: str, *values: object) -> Row | None:
        """The row that a query finds, as committed by now; its parameters are `$1`, `$2` and so on."""

    async def close(self) -> None: ...


async def hot_reads(settings: Settings) -> HotReads:
    if settings.on_sqlite:
        return _OnSqlite(database_file(settings.database_url))
    patience = settings.database_timeout.total_seconds()
    options = {**connection_options(settings.database_url, patience), "command_timeout": patience}
    size = settings.database_pool_size
    pool = await asyncpg.create_pool(**options, connection_class=_ReadOnly, min_size=0, max_size=size)
    return _OnPostgres(pool, patience)


class _ReadOnly(Connection):
    """One that only reads, and leaves nothing behind that had to be undone before somebody else reads."""

    @override
    def get_reset_query(self) -> str:
        return ""


class _OnPostgres:
    array = "json_agg"

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", patience: float) -> None:
        self._pool = pool
        self._patience = patience

    async def row(self, query: str, *values: object) -> Row | None:
        try:
            async with self._pool.acquire(timeout=self._patience) as connection:
                return await self._row(connection, query, values)
        except LOSSES as lost:
            raise DatabaseUnavailable from lost

    async def _row(self, connection: "PoolConnection", query: str, values: Sequence[object]) -> Row | None:
        with cut_if_silent(connection):
            row: Any = await connection.fetchrow(query, *values)
        return None if row is None else tuple(row)

    async def close(self) -> None:
        await self._pool.close()


class _OnSqlite:
    """In the event loop itself: the read takes microseconds, handing it to a thread would take ten times that."""

    array = "json_group_array"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    async def row(self, query: str, *values: object) -> Row | None:
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(self._path, isolation_level=None)
            row: Row | None = self._connection.execute(query.replace("$", "?"), list(map(_stored, values))).fetchone()
        except sqlite3.OperationalError as lost:
            raise DatabaseUnavailable from lost
        return row

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _stored(value: object) -> Any:
    """As SQLAlchemy stores it: moments as text, in UTC."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value
