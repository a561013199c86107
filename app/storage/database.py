"""The database: engine, transactions, and what differs between SQLite and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.domain.errors import DatabaseUnavailable, RoadsteadError
from app.domain.fleet.fleet import Fleet
from app.domain.vms.vm import Boot
from app.settings import Settings
from app.storage.connections import Connections
from app.storage.current_boots import CurrentBoot, current_boot
from app.storage.database_loss import available
from app.storage.direct import Direct
from app.storage.host_imports import Imports
from app.storage.hosts import Hosts
from app.storage.hot_reads import HotReads, hot_reads
from app.storage.idempotency import Answers
from app.storage.identities import Identities, IdentityCache
from app.storage.implementation_lists import ImplementationLists, ListCache
from app.storage.migrations import Migrations
from app.storage.postgresql import connect, connection_options, cut_when_silent
from app.storage.running_kinds import RunningKinds
from app.storage.snapshot import FleetSnapshot
from app.storage.sqlite import database_file, prepare
from app.storage.standings import Standing, Standings
from app.storage.vms import Vms

_IMPORTS_AT_ONCE: Final = 4
"""Imports that a worker takes in at a time; others wait for their turn."""
_IMPORT_PATIENCE: Final = 120.0
"""Seconds that PostgreSQL may take for a statement of an import: 100,000 hosts, perhaps behind other imports."""


def create_engine(
    settings: Settings, *, pool_size: int | None = None, patience: float | None = None, autocommit: bool = False
) -> AsyncEngine:
    """An engine; pool_size counts its connections, by default the settings' number.

    PostgreSQL may take `patience` seconds for a statement, by default any time. With `autocommit` its connections
    leave transactions to who uses them.
    """
    limits: dict[str, Any] = {"pool_size": pool_size or settings.database_pool_size, "max_overflow": 0}
    if autocommit:
        limits |= {"isolation_level": "AUTOCOMMIT", "execution_options": {"sqlite_begin": None}}
    if not settings.on_sqlite:
        seconds = settings.database_timeout.total_seconds()
        connection_options(settings.database_url)
        creator = partial(connect, settings.database_url, seconds, patience)
        engine = create_async_engine("postgresql+asyncpg://", async_creator=creator, **limits)
        cut_when_silent(engine.sync_engine)
        return engine
    file = str(database_file(settings.database_url))
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=file), **limits)
    prepare(engine.sync_engine)
    return engine


_IMPORT: Final[Mapping[str, Any]] = {"sqlite_begin": "BEGIN"}
"""While an import arrives it writes to temporary tables only, and keeps nobody waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """The stores of one transaction."""

    connection: AsyncConnection
    direct: Direct
    hosts: Hosts
    vms: Vms
    kinds: RunningKinds
    lists: ImplementationLists
    migrations: Migrations
    answers: Answers
    identities: Identities
    imports: Imports
    _snapshot: FleetSnapshot

    async def fleet(self, now: datetime) -> Fleet:
        """The fleet as committed by now. Not for use after a write to hosts in the same transaction."""
        return await self._snapshot.current(self.direct, now)


class _Rehearsed(RoadsteadError):
    """Undoes a transaction of which nothing is to stay. Nothing went wrong, so its connection is kept."""


class Database:
    """Opens transactions. One to a process; keeps what never changes in memory."""

    def __init__(self, settings: Settings, reads: HotReads) -> None:
        patience = settings.database_timeout.total_seconds()
        self.engine = create_engine(settings, patience=patience, autocommit=True)
        self._connections = Connections(self.engine, settings.database_pool_size)
        # SQLite has a patience of its own, with the writer before.
        self._patience = None if settings.on_sqlite else patience
        self._withheld: str | None = None
        self._reads = reads
        self._identities = IdentityCache()
        self._lists = ListCache()
        # Imports take long, and wait for each other: they have connections of their own to do so with.
        self._import_engine = create_engine(settings, pool_size=_IMPORTS_AT_ONCE, patience=_IMPORT_PATIENCE)
        self._snapshot_engine = create_engine(settings, pool_size=1, patience=patience)
        self._snapshot = FleetSnapshot(self._snapshot_engine, self._identities, settings.max_inventory_age)
        self._standings = Standings(reads, self._snapshot, self._sealed, settings.max_inventory_age)

    @classmethod
    async def connect(cls, settings: Settings) -> "Database":
        return cls(settings, await hot_reads(settings))

    async def close(self) -> None:
        engines = (self._import_engine, self._snapshot_engine)
        await asyncio.gather(self._reads.close(), self._connections.close(), *(engine.dispose() for engine in engines))

    @property
    def is_withheld(self) -> bool:
        return self._withheld is not None

    def withhold(self, reason: str) -> None:
        """Refuse every use of the stores, at once and with this sentence, until `release`."""
        self._withheld = reason

    def release(self) -> None:
        self._withheld = None

    def _check_released(self) -> None:
        if self._withheld is not None:
            raise DatabaseUnavailable(self._withheld)

    async def current_boot(self, vm: str) -> CurrentBoot | None:
        """The boot that a VM is in, as committed by now; None if there is no such VM."""
        self._check_released()
        return await current_boot(self._reads, vm)

    async def standing(self, vm: str, now: datetime) -> Standing | None:
        """Where a VM stands in the fleet, as committed by now; None where the stores have to be asked."""
        self._check_released()
        return await self._standings.of(vm, now)

    async def _sealed(self, current: CurrentBoot) -> Boot | None:
        async with self.reading() as tx:
            return await tx.vms.boot_of(current.vm_key, current.number or 0)

    @asynccontextmanager
    async def writing(self, *, dry_run: bool = False) -> AsyncIterator[Transaction]:
        """A transaction: committed at the end of the block, undone by an exception, and after a dry run.

        Rows that are acted on are locked explicitly, always in the order fleet, host, VM, migration.
        """
        self._check_released()
        with suppress(_Rehearsed):
            async with self.looking() as connection, Direct.of(connection).transaction():
                yield self._transaction(connection)
                if dry_run:
                    raise _Rehearsed

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Reads that each see what is committed when they start, with no transaction around them.

        The fleet must not be older than the snapshot in memory, so nothing may pin an earlier state of the database.
        """
        self._check_released()
        async with self.looking() as connection:
            yield self._transaction(connection)

    @asynccontextmanager
    async def viewing(self) -> AsyncIterator[Transaction]:
        """Reads that all see one moment, but for the fleet: that may be later, so it is asked for first."""
        self._check_released()
        async with self.looking() as connection, Direct.of(connection).view():
            yield self._transaction(connection)

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[AsyncConnection]:
        """A connection for `reading` and `writing`; also while the stores are withheld, and whatever the schema."""
        async with available(), self._connections.one(self._patience) as connection:
            yield connection

    @asynccontextmanager
    async def importing(self, *, dry_run: bool) -> AsyncIterator[Transaction]:
        """A transaction to import hosts in; a dry run undoes it at the end."""
        self._check_released()
        async with available(), self._import_engine.connect() as connection:
            tx = self._transaction(await connection.execution_options(**_IMPORT))
            async with connection.begin() as transaction:
                await tx.imports.begin()
                yield tx
                await tx.imports.finish()
                if dry_run:
                    await transaction.rollback()

    def _transaction(self, connection: AsyncConnection) -> Transaction:
        direct = Direct.of(connection)
        identities = Identities(connection, self._identities)
        lists = ImplementationLists(connection, self._lists)
        return Transaction(
            connection=connection,
            direct=direct,
            hosts=Hosts(connection, direct, identities),
            vms=Vms(connection, direct, identities, lists),
            kinds=RunningKinds(connection, identities, lists),
            lists=lists,
            migrations=Migrations(connection, direct),
            answers=Answers(direct),
            identities=identities,
            imports=Imports(connection, identities),
            _snapshot=self._snapshot,
        )
