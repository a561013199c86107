"""URLs as people write them, and that all connections made from one go to the same server."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from app.settings import Settings
from app.storage.database import Database
from app.storage.postgresql import connection_options
from app.storage.schema import upgrade
from app.storage.sqlite import database_file
from app.storage.tables import metadata


@pytest.mark.parametrize(
    ("written", "file"),
    [
        ("sqlite:////var/lib/roadstead/x.db", "/var/lib/roadstead/x.db"),
        ("sqlite:///x.db", "x.db"),
        ("sqlite+aiosqlite:////x.db", "/x.db"),
    ],
)
def test_files(written: str, file: str) -> None:
    settings = Settings(database_url=written)
    assert settings.on_sqlite
    assert database_file(settings.database_url) == Path(file)


def test_a_database_in_memory_would_be_another_for_each_connection() -> None:
    with pytest.raises(ValueError, match="is a file"):
        database_file("sqlite://")


@pytest.mark.parametrize(
    ("written", "dsn"),
    [
        ("postgresql://u:p@db:5433/roadstead", "postgresql://u:p@db:5433/roadstead?target_session_attrs=primary"),
        ("postgres://u:p%40ss@db/r", "postgresql://u:p%40ss@db/r?target_session_attrs=primary"),
        ("postgresql+asyncpg://db/r", "postgresql://db/r?target_session_attrs=primary"),
        ("postgresql+psycopg://db/r", "postgresql://db/r?target_session_attrs=primary"),
        ("postgresql:///r?host=/run/pg", "postgresql:///r?target_session_attrs=primary&host=%2Frun%2Fpg"),
        ("postgresql://a:1,b:2/r", "postgresql://a:1,b:2/r?target_session_attrs=primary"),
        ("postgresql://u@/r?host=a:1&host=b:2", "postgresql://u@/r?target_session_attrs=primary&host=a%3A1%2Cb%3A2"),
        ("postgresql://db/r?ssl=require", "postgresql://db/r?target_session_attrs=primary&sslmode=require"),
        ("postgresql://db/r?target_session_attrs=any", "postgresql://db/r?target_session_attrs=any"),
    ],
)
def test_ways_to_write_postgresql(written: str, dsn: str) -> None:
    assert not Settings(database_url=written).on_sqlite
    assert connection_options(written) == {"dsn": dsn, "timeout": 60.0}


@pytest.mark.parametrize(("query", "timeout"), [("connect_timeout=5", 5.0), ("connect_timeout=0", None)])
def test_how_long_to_wait_for_a_connection(query: str, timeout: float | None) -> None:
    assert connection_options(f"postgresql://db/r?{query}") == {
        "dsn": "postgresql://db/r?target_session_attrs=primary",
        "timeout": timeout,
    }


@pytest.mark.parametrize("written", ["mysql://db/r", "roadstead.db", "/var/lib/roadstead.db", ""])
def test_no_other_database_is_taken(written: str) -> None:
    with pytest.raises(ValidationError, match="neither sqlite"):
        Settings(database_url=written)


@pytest.mark.anyio
@pytest.mark.postgresql
async def test_all_connections_go_to_the_host_that_answers(migrated_postgresql: str) -> None:
    """The driver finds it behind one that does not, whoever connects, and takes what else libpq does."""
    joint = "&" if "?" in migrated_postgresql else "?"
    url = f"{migrated_postgresql}{joint}application_name=told&connect_timeout=5"
    url = url.replace("host=", "host=/nowhere&host=") if "host=" in url else url.replace("@", "@127.0.0.1:1,")
    database = await Database.connect(Settings(database_url=url))
    try:
        assert await database.current_boot("nobody") is None
        async with database.reading() as tx:
            assert (await tx.connection.execute(text("SHOW application_name"))).scalar_one() == "told"
        async with database.importing(dry_run=True) as tx:
            assert (await tx.connection.execute(text("SHOW application_name"))).scalar_one() == "told"
    finally:
        await database.close()


def test_what_refers_to_rows_that_are_deleted_is_indexed() -> None:
    """Without an index, each deletion reads all of the table that refers, under the locks of the deletion."""
    for table in metadata.sorted_tables:
        found = [next(iter(table.primary_key.columns))]
        found += [next(iter(index.columns)) for index in table.indexes if _is_whole(index.dialect_kwargs)]
        for key in table.foreign_keys:
            assert key.ondelete is None or key.parent in found, key.parent


def _is_whole(options: Mapping[str, object]) -> bool:
    return options.get("postgresql_where") is None


def test_upgrading_makes_the_directory_of_a_file(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path}/deep/down/roadstead.db")
    assert (tmp_path / "deep" / "down" / "roadstead.db").exists()
