"""The loss of the database, told apart from defects of this program."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.domain.errors import DatabaseUnavailable

REFUSALS: Final = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ClientConfigurationError,
)
"""What is raised when a server turns a connection away, or the driver cannot use the URL: waiting may not help."""

LOSSES: Final = (
    *REFUSALS,
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
        if _is_defect(raised(lost)):
            raise
        raise DatabaseUnavailable from lost


def explained(lost: DatabaseUnavailable) -> str:
    """In a sentence, with what the driver says of it."""
    begun = "the database cannot be used" if is_refusal(lost) else "the database does not answer"
    said = "" if lost.__cause__ is None else str(raised(lost.__cause__))
    return f"{begun}: {said}" if said else begun


def is_refusal(lost: DatabaseUnavailable) -> bool:
    """Whether the database is there, and does not let us in."""
    return lost.__cause__ is not None and isinstance(raised(lost.__cause__), REFUSALS)


def raised(error: BaseException) -> BaseException:
    """What the driver raised. SQLAlchemy wraps it, and once more where it makes asyncpg look like other drivers."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return error
    return error.orig.__cause__ or (error if isinstance(error, InterfaceError) else error.orig)


def _is_defect(error: BaseException) -> bool:
    """SQLite calls wrong SQL, too, an operational error; to SQLAlchemy everything is a DBAPIError."""
    if isinstance(error, sqlite3.OperationalError):
        return error.sqlite_errorcode == sqlite3.SQLITE_ERROR
    return not isinstance(error, LOSSES)
