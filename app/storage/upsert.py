"""INSERT … ON CONFLICT, which SQLAlchemy has once for each database."""

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT with `on_conflict_do_nothing` and `on_conflict_do_update`; the two databases agree in both."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
