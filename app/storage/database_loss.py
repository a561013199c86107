"""The loss of the database, told apart from defects of this program."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.domain.errors import DatabaseUnavailable

LOSSES: Final = (
    InterfaceError,
    PoolTimeout,
    sqlite3.OperationalError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that is being cut while it is used confuses the driver
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    OSError,
)
"""What is raised when a database does not answer: by SQLAlchemy, by the drivers, by the network."""


@asynccontextmanager
async def available() -> AsyncIterator[None]:
    """Turn the loss of the database into a refusal; what it was doing is undone."""
    try:
        yield
    except (DBAPIError, *LOSSES) as lost:
        if _is_defect(_raised(lost)):
            raise
        raise DatabaseUnavailable from lost


def _raised(error: BaseException) -> BaseException:
    """What the driver raised. SQLAlchemy wraps it, and once more where it makes asyncpg look like other drivers."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return error
    return error.orig.__cause__ or (error if isinstance(error, InterfaceError) else error.orig)


def _is_defect(error: BaseException) -> bool:
    """SQLite calls wrong SQL, too, an operational error; to SQLAlchemy everything is a DBAPIError."""
    if isinstance(error, sqlite3.OperationalError):
        return error.sqlite_errorcode == sqlite3.SQLITE_ERROR
    return not isinstance(error, LOSSES)
