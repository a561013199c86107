"""How SQLite is reached: a file, in WAL mode, with transactions that begin when they are told to."""

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, event, make_url

from app.storage.content import ON_SQLITE, digest

_BUSY_TIMEOUT_MS: Final = 30_000
"""How long a writer waits for another one."""


def database_file(written: str) -> Path:
    """The file that a URL names. Raises ValueError where it names none."""
    if not (path := make_url(written).database):
        message = "an SQLite database is a file here, as in sqlite:////path/x.db"
        raise ValueError(message)
    return Path(path)


def prepare(engine: Engine) -> None:
    """Have every connection of the engine set up, and its transactions begun by us."""
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)


def _set_up(connection: Any, _: object) -> None:
    # The driver must not begin transactions by itself: it would begin them too late to keep writers apart.
    connection.isolation_level = None
    connection.create_function(ON_SQLITE, -1, digest, deterministic=True)
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",  # a sealed list survives a power cut
        "foreign_keys = ON",
        f"busy_timeout = {_BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # By default writers take their turn at once: a reader could not become a writer behind another one.
    if begin := connection.get_execution_options().get("sqlite_begin", "BEGIN IMMEDIATE"):
        connection.exec_driver_sql(begin)
