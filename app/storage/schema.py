"""The schema's version: where the database stands and where this release wants it."""

from importlib.resources import as_file, files
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.settings import Settings
from app.storage.database import Database


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration for the migrations that came with this release."""
    config = Config()
    with as_file(files("migrations")) as directory:
        config.set_main_option("script_location", str(Path(directory)))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str) -> None:
    """Bring the schema up to date; runs an event loop of its own."""
    command.upgrade(alembic_config(database_url), "head")


def wanted_revision() -> str | None:
    return ScriptDirectory.from_config(alembic_config("")).get_current_head()


async def mismatch(database: Database) -> str | None:
    """What keeps this release from working on the schema; None if nothing does."""
    async with database.reading() as tx:
        present = await tx.connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    if present == (wanted := wanted_revision()):
        return None
    return f"the database schema is at {present or 'nothing'}, this release wants {wanted}: run `roadstead db upgrade`"


async def mismatch_at(settings: Settings) -> str | None:
    """The same for a database that nobody is connected to."""
    database = await Database.connect(settings)
    try:
        return await mismatch(database)
    finally:
        await database.close()
