"""PostgreSQL as the tests start it, but with its settings as they come: what is written is on the disk."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import asyncpg

from app.storage.schema import upgrade
from tests.databases import execute, postgresql_database, postgresql_server

__all__ = ["database", "execute", "server", "version"]


def server() -> AbstractContextManager[str]:
    """The URL of a server: the one that TEST_DATABASE_URL names, or one that lives as long as the block."""
    return postgresql_server(durable=True)


@contextmanager
def database(at: str) -> Iterator[str]:
    """The URL of a new database with the service's schema."""
    with postgresql_database(at) as url:
        upgrade(url)
        yield url


def version(url: str) -> str:
    async def ask() -> str:
        connection = await asyncpg.connect(url)
        try:
            return str(await connection.fetchval("SHOW server_version"))
        finally:
            await connection.close()

    return asyncio.run(ask())
