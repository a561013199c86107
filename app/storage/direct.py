"""Statements that SQLAlchemy writes once, and that the driver sends each time.

SQLAlchemy's share of a small statement is several times the database's (docs/performance.md). What boots and
migrations ask goes past it, on the same connection and in the same transaction as all else; the statements are still
made of the tables, and values are converted by the types of their columns.
"""

from abc import ABC, abstractmethod
from collections import ChainMap, namedtuple
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from typing import Any, Final, NamedTuple, cast

import aiosqlite
import asyncpg
from sqlalchemy import BindParameter, Column, ColumnElement, Connection, Select, Table, UpdateBase, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from app.storage.postgresql import cut_if_silent

Made = Select[Any] | UpdateBase

_Process = Callable[[Any], Any]


class Statement:
    """Made once; the values to be told at each use are parameters, by name."""

    def __init__(self, made: Made, on_sqlite: Made | None = None) -> None:
        """`on_sqlite` is given where SQLAlchemy makes it in another way for each database."""
        self.made = made
        self._made_on_sqlite = made if on_sqlite is None else on_sqlite
        self._written: dict[str, _Written] = {}

    def written(self, dialect: Dialect) -> "_Written":
        if (written := self._written.get(dialect.name)) is None:
            made = self._made_on_sqlite if dialect.name == "sqlite" else self.made
            written = self._written[dialect.name] = _Written(made, dialect)
        return written


def named(table: Table, *but: str) -> dict[Column[Any], BindParameter[Any]]:
    """A value for each column of a table, to be told by the column's name."""
    return {column: bindparam(column.name, type_=column.type) for column in table.c if column.name not in but}


class Write(NamedTuple):
    """A statement that changes something, with its values."""

    statement: Statement
    values: Mapping[str, object]


@cache
def _together(*statements: Statement) -> Statement:
    """One statement that does what several do; the order is PostgreSQL's, which checks foreign keys at the end."""
    *others, last = (each.made for each in statements)
    return Statement(last.add_cte(*(cast("UpdateBase", each).cte() for each in others)))


class _Written:
    """A statement as one database takes it."""

    def __init__(self, made: Made, dialect: Dialect) -> None:
        compiled = made.compile(dialect=dialect)
        self.text: Final = str(compiled)
        self._fixed: Final = dict(compiled.params)
        self._taken: Final[Sequence[tuple[str, _Process | None]]] = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
        ]
        columns = list(made.exported_columns)
        self._given: Final[Sequence[_Process | None]] = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
        ]
        self._row: Final = _row_of(columns)

    def arguments(self, values: Mapping[str, object]) -> list[Any]:
        told = {**self._fixed, **values}
        return [told[name] if process is None else process(told[name]) for name, process in self._taken]

    def rows(self, found: Iterable[Iterable[Any]]) -> list[Any]:
        return [self._row(*map(_read, row, self._given)) for row in found]


def _row_of(columns: Iterable[ColumnElement[Any]]) -> type[Any]:
    return namedtuple("Row", [str(column.key) for column in columns])  # noqa: PYI024 - of no types that could be named


def _read(value: Any, process: _Process | None) -> Any:
    return value if process is None else process(value)


class Direct(ABC):
    """A connection as its driver has it."""

    @staticmethod
    def of(connection: AsyncConnection) -> "Direct":
        """Past SQLAlchemy, which must have no transaction of its own on the connection."""
        driver: Any = cast("Connection", connection.sync_connection).connection.driver_connection
        on_sqlite = connection.dialect.name == "sqlite"
        return (_OnSqlite if on_sqlite else _OnPostgresql)(driver, connection.dialect)

    @abstractmethod
    async def rows(self, statement: Statement, **values: object) -> list[Any]:
        """What a statement finds or returns: tuples whose fields have the names of its columns."""

    @abstractmethod
    async def write(self, *writes: Write) -> None:
        """Do several things of which none needs another. What has one name in several of them has one value."""

    @abstractmethod
    def transaction(self) -> AbstractAsyncContextManager[object]:
        """Committed at the end of the block, undone by an exception."""

    @abstractmethod
    def view(self) -> AbstractAsyncContextManager[object]:
        """All that is read in the block is of one moment."""

    @property
    @abstractmethod
    def is_closed(self) -> bool: ...

    async def row(self, statement: Statement, **values: object) -> Any:
        """The only row; None where there is none."""
        found = await self.rows(statement, **values)
        return found[0] if found else None


class _OnPostgresql(Direct):
    def __init__(self, driver: "asyncpg.Connection[asyncpg.Record]", dialect: Dialect) -> None:
        self._driver = driver
        self._dialect = dialect

    @override
    async def rows(self, statement: Statement, **values: object) -> list[Any]:
        written = statement.written(self._dialect)
        with cut_if_silent(self._driver):
            return written.rows(await self._driver.fetch(written.text, *written.arguments(values)))

    @override
    async def write(self, *writes: Write) -> None:
        values = ChainMap(*(dict(write.values) for write in writes))
        await self.rows(_together(*(write.statement for write in writes)), **values)

    @override
    def transaction(self) -> AbstractAsyncContextManager[object]:
        return self._within(self._driver.transaction())

    @override
    def view(self) -> AbstractAsyncContextManager[object]:
        return self._within(self._driver.transaction(isolation="repeatable_read"))

    @asynccontextmanager
    async def _within(self, transaction: AbstractAsyncContextManager[object]) -> AsyncIterator[object]:
        # Whoever gives up a connection that cannot even begin must not wait for its farewell.
        with cut_if_silent(self._driver):
            async with transaction:
                yield None

    @property
    @override
    def is_closed(self) -> bool:
        return self._driver.is_closed()


class _OnSqlite(Direct):
    def __init__(self, driver: aiosqlite.Connection, dialect: Dialect) -> None:
        self._driver = driver
        self._dialect = dialect

    @override
    async def rows(self, statement: Statement, **values: object) -> list[Any]:
        written = statement.written(self._dialect)
        return written.rows(await self._driver.execute_fetchall(written.text, written.arguments(values)))

    @override
    async def write(self, *writes: Write) -> None:
        for write in writes:
            await self.rows(write.statement, **write.values)

    @override
    def transaction(self) -> AbstractAsyncContextManager[object]:
        # Writers take their turn at once: a reader could not become a writer behind another one.
        return self._begun("BEGIN IMMEDIATE")

    @override
    def view(self) -> AbstractAsyncContextManager[object]:
        return self._begun("BEGIN")

    @asynccontextmanager
    async def _begun(self, begin: str) -> AsyncIterator[object]:
        try:
            await self._driver.execute_fetchall(begin)
            yield None
            await self._driver.commit()
        except BaseException:
            await self._driver.rollback()
            raise

    @property
    @override
    def is_closed(self) -> bool:
        return False
