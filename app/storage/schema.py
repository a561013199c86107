"""The schema's version: where the database stands and where this release wants it."""

import sqlite3
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Select, column, select, table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.settings import Settings
from app.storage.database import Database
from app.storage.database_loss import raised
from app.storage.sqlite import database_file

_PRESENT: Final[Select[Any]] = select(column("version_num")).select_from(table("alembic_version"))


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration for the migrations that came with this release."""
    config = Config()
    with as_file(files("migrations")) as directory:
        config.set_main_option("script_location", str(Path(directory)))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str) -> None:
    """Bring the schema up to date; runs an event loop of its own. Makes the directory of a file, too."""
    if database_url.startswith("sqlite"):
        database_file(database_url).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(alembic_config(database_url), "head")


@cache
def wanted_revision() -> str | None:
    """Read from the scripts of this release once: that takes longer than all the rest of a look at the schema."""
    return ScriptDirectory.from_config(alembic_config("")).get_current_head()


async def mismatch(database: Database) -> str | None:
    """What keeps this release from working on the schema; None if nothing does."""
    wanted = wanted_revision()
    async with database.looking() as connection:
        present = await _present_revision(connection)
    if present == wanted:
        return None
    return f"the database schema is at {present or 'nothing'}, this release wants {wanted}: run `roadstead db upgrade`"


async def _present_revision(connection: AsyncConnection) -> str | None:
    try:
        present: str | None = (await connection.execute(_PRESENT)).scalar_one_or_none()
    except DBAPIError as error:
        if not _is_without_tables(raised(error)):
            raise
        return None
    return present


def _is_without_tables(error: BaseException) -> bool:
    on_sqlite = isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_ERROR
    return on_sqlite or isinstance(error, asyncpg.UndefinedTableError)


async def mismatch_at(settings: Settings) -> str | None:
    """The same for a database that nobody is connected to."""
    database = await Database.connect(settings)
    try:
        return await mismatch(database)
    finally:
        await database.close()
