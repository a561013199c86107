"""The database: engine, transactions, and what differs between SQLite and PostgreSQL."""

import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.domain.fleet import Fleet
from app.settings import Settings
from app.storage.answers import Answers
from app.storage.availability import available
from app.storage.hosts import Hosts
from app.storage.hot_reads import CurrentBoots, current_boots
from app.storage.identities import Identities, IdentityCache
from app.storage.imports import Import, import_into
from app.storage.lists import ImplementationLists, ListCache
from app.storage.migrations import Migrations
from app.storage.snapshot import FleetSnapshot
from app.storage.vms import Vms

_BUSY_TIMEOUT_MS: Final = 30_000
"""How long a writer to SQLite waits for another one."""


def database_url(written: str) -> URL:
    """The URL with our driver, from a URL as people write it."""
    url = make_url(written)
    if url.get_backend_name() == "sqlite":
        return url.set(drivername="sqlite+aiosqlite")
    # libpq's sslmode is asyncpg's ssl, with the same values.
    query = {"ssl" if name == "sslmode" else name: value for name, value in url.query.items()}
    return url.set(drivername="postgresql+asyncpg", query=query)


def create_engine(settings: Settings, *, pool_size: int | None = None) -> AsyncEngine:
    """An engine; pool_size counts its connections, by default the settings' number."""
    url = database_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_size=pool_size or settings.database_pool_size, max_overflow=0)
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401 - SQLAlchemy wraps the driver's connection
    # The driver must not begin transactions by itself: it would begin them too late to keep writers apart.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",  # a sealed list survives a power cut
        "foreign_keys = ON",
        f"busy_timeout = {_BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # By default writers take their turn at once: a reader could not become a writer behind another one.
    if begin := connection.get_execution_options().get("sqlite_begin", "BEGIN IMMEDIATE"):
        connection.exec_driver_sql(begin)


_READ: Final[Mapping[str, Mapping[str, Any]]] = {
    "postgresql": {"isolation_level": "AUTOCOMMIT"},
    "sqlite": {"sqlite_begin": None},
}
_IMPORT: Final[Mapping[str, Any]] = {"sqlite_begin": "BEGIN"}
"""While an import arrives it writes to temporary tables only, and keeps nobody waiting."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """The stores of one transaction."""

    connection: AsyncConnection
    hosts: Hosts
    vms: Vms
    lists: ImplementationLists
    migrations: Migrations
    answers: Answers
    identities: Identities
    _snapshot: FleetSnapshot

    async def fleet(self, now: datetime) -> Fleet:
        """The fleet as committed by now. Not for use after a write to hosts in the same transaction."""
        return await self._snapshot.current(self.connection, now)


class Database:
    """Opens transactions. One to a process; keeps what never changes in memory."""

    def __init__(self, settings: Settings, engine: AsyncEngine, boots: CurrentBoots) -> None:
        self.engine = engine
        self.boots = boots
        self._identities = IdentityCache()
        self._lists = ListCache()
        self._snapshot_engine = create_engine(settings, pool_size=1)
        self._snapshot = FleetSnapshot(self._snapshot_engine, self._identities, settings.max_inventory_age)

    @classmethod
    async def connect(cls, settings: Settings) -> "Database":
        engine = create_engine(settings)
        return cls(settings, engine, await current_boots(settings, engine.url))

    async def close(self) -> None:
        await self.boots.close()
        await self._snapshot_engine.dispose()
        await self.engine.dispose()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        """A transaction: committed at the end of the block, undone by an exception.

        Rows that are acted on are locked explicitly, always in the order fleet, host, VM, migration.
        """
        async with available(), self.engine.begin() as connection:
            yield self._transaction(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Reads that each see what is committed when they start, with no transaction around them.

        The fleet must not be older than the snapshot in memory, so nothing may pin an earlier state of the database.
        """
        async with available(), self.engine.connect() as connection:
            options = _READ[connection.dialect.name]
            yield self._transaction(await connection.execution_options(**options))

    @asynccontextmanager
    async def importing(self, *, dry_run: bool) -> AsyncIterator[tuple[Transaction, Import]]:
        """A transaction to import hosts in; a dry run undoes it at the end."""
        async with available(), self.engine.connect() as connection:
            tx = self._transaction(await connection.execution_options(**_IMPORT))
            async with connection.begin() as transaction:
                incoming = await import_into(connection, tx.identities)
                yield tx, incoming
                await incoming.finish()
                if dry_run:
                    await transaction.rollback()

    def _transaction(self, connection: AsyncConnection) -> Transaction:
        identities = Identities(connection, self._identities)
        lists = ImplementationLists(connection, self._lists)
        return Transaction(
            connection,
            Hosts(connection, identities),
            Vms(connection, identities, lists),
            lists,
            Migrations(connection),
            Answers(connection),
            identities,
            self._snapshot,
        )


SQLITE_VERSION: Final = sqlite3.sqlite_version
"""For the service's own description of itself."""
