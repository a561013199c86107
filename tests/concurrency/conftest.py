import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.storage.schema import upgrade
from demo.service import Service
from demo.service import running as running_service
from tests.concurrency.witness import Sql, station_witness
from tests.databases import postgresql_database, sqlite_url


@pytest.fixture(scope="module")
def postgresql_sql(postgresql: str) -> Iterator[Sql]:
    """A database at the present schema for the tests of one module, with a witness in it."""
    with postgresql_database(postgresql) as url:
        upgrade(url)
        sql = Sql(url)
        station_witness(sql)
        yield sql


@pytest.fixture(scope="module")
def sqlite_sql(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Sql:
    """The same on SQLite."""
    path = tmp_path_factory.mktemp("crowd") / "roadstead.db"
    shutil.copy(migrated_sqlite, path)
    sql = Sql(sqlite_url(path))
    station_witness(sql)
    return sql


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def running(request: pytest.FixtureRequest) -> Service:
    """A service with several workers, on either database."""
    started: Service = request.getfixturevalue(f"on_{request.param}")
    return started


@pytest.fixture(scope="module")
def on_postgresql(postgresql_sql: Sql) -> Iterator[Service]:
    with running_service("--workers", "3", database_url=postgresql_sql.url) as started:
        yield started
    # Connections count what happened to them when they end.
    assert postgresql_sql.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == [(0,)]


@pytest.fixture(scope="module")
def on_sqlite(sqlite_sql: Sql) -> Iterator[Service]:
    with running_service("--workers", "2", database_url=sqlite_sql.url) as started:
        yield started
