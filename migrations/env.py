"""Runs migrations: online, on either database, under timeouts, one migrating process at a time."""

import asyncio
from typing import Final

from alembic import context
from sqlalchemy import Connection, text

from app.settings import Settings
from app.storage.database import create_engine
from app.storage.tables import metadata

_LOCK: Final = 0x726F6164  # "road"
"""Advisory lock of PostgreSQL under which one process migrates while others wait."""

_POSTGRES: Final = (
    # Before the timeouts: however long the other one takes, it is waited for.
    f"SELECT pg_advisory_lock({_LOCK})",
    "SET lock_timeout = '10s'",
    "SET statement_timeout = '10min'",
)


def settings() -> Settings:
    url = context.config.attributes.get("database_url") or context.config.get_main_option("sqlalchemy.url")
    return Settings(database_url=url) if url else Settings()


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        for statement in _POSTGRES:
            connection.execute(text(statement))
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


async def _online() -> None:
    engine = create_engine(settings())
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_migrate)
            await connection.commit()
    finally:
        await engine.dispose()


if connection := context.config.attributes.get("connection"):
    _migrate(connection)
else:
    asyncio.run(_online())
