"""The one read that every VM start and every destination makes: which boot a VM is in.

It goes past SQLAlchemy, whose share of so small a question is several times the database's (docs/performance.md).
"""

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import asyncpg

from app.domain.errors import DatabaseUnavailable
from app.settings import Settings
from app.storage.database_loss import LOSSES
from app.storage.postgresql import Connection, connection_options
from app.storage.sqlite import database_file

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    PoolConnection = PoolConnectionProxy[asyncpg.Record]


class CurrentBoot(NamedTuple):
    """Names a boot for good. `number` and `sealed_at` are None while the VM is only defined."""

    vm_key: int
    number: int | None
    sealed_at: object
    """Tells apart two boots of one number: a restored database counts on from where its backup was."""


class CurrentBoots(Protocol):
    async def of(self, vm: str) -> CurrentBoot | None:
        """The boot that a VM is in, as committed by now; None if there is no such VM."""

    async def close(self) -> None: ...


async def current_boots(settings: Settings) -> CurrentBoots:
    if settings.on_sqlite:
        return _OnSqlite(database_file(settings.database_url))
    patience = settings.database_timeout.total_seconds()
    options = {**connection_options(settings.database_url, patience), "command_timeout": patience}
    size = settings.database_pool_size
    pool = await asyncpg.create_pool(**options, connection_class=Connection, min_size=0, max_size=size)
    return _OnPostgres(pool, patience)


_CURRENT: Final = """
SELECT vms.id, vms.boot, boots.sealed_at
FROM vms LEFT JOIN boots ON boots.vm_id = vms.id AND boots.number = vms.boot
WHERE vms.name = """


class _OnPostgres:
    _QUERY: Final = f"{_CURRENT} $1"

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", patience: float) -> None:
        self._pool = pool
        self._patience = patience

    async def of(self, vm: str) -> CurrentBoot | None:
        try:
            async with self._pool.acquire(timeout=self._patience) as connection:
                row = await self._row(connection, vm)
        except LOSSES as lost:
            raise DatabaseUnavailable from lost
        return None if row is None else CurrentBoot(*row)

    async def _row(self, connection: "PoolConnection", vm: str) -> asyncpg.Record | None:
        try:
            return await connection.fetchrow(self._QUERY, vm)
        except TimeoutError:
            # Cut at once, as `postgresql.cut_when_silent` does.
            connection.terminate()
            raise

    async def close(self) -> None:
        await self._pool.close()


class _OnSqlite:
    """In the event loop itself: the read takes microseconds, handing it to a thread would take ten times that."""

    _QUERY: Final = f"{_CURRENT} ?"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    async def of(self, vm: str) -> CurrentBoot | None:
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(self._path, isolation_level=None)
            row = self._connection.execute(self._QUERY, (vm,)).fetchone()
        except sqlite3.OperationalError as lost:
            raise DatabaseUnavailable from lost
        return None if row is None else CurrentBoot(*row)

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
