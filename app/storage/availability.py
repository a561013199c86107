"""The loss of the database, told apart from defects of this program."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.domain.errors import DatabaseUnavailable

LOSSES: Final = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    sqlite3.OperationalError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    OSError,
)
"""What is raised when a database does not answer: by SQLAlchemy, by the drivers, by the network."""


@asynccontextmanager
async def available() -> AsyncIterator[None]:
    """Turn the loss of the database into a refusal; what it was doing is undone."""
    try:
        yield
    except LOSSES as lost:
        if _is_defect(lost):
            raise
        raise DatabaseUnavailable from lost


def _is_defect(error: BaseException) -> bool:
    """SQLite calls wrong SQL, too, an operational error."""
    cause = error.orig if isinstance(error, OperationalError) else error
    return isinstance(cause, sqlite3.OperationalError) and cause.sqlite_errorcode == sqlite3.SQLITE_ERROR
