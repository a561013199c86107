"""URLs as people write them."""

import pytest

from app.settings import Settings
from app.storage.database import create_engine, database_url


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sqlite:////var/lib/roadstead/x.db", "sqlite+aiosqlite:////var/lib/roadstead/x.db"),
        ("sqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("sqlite+aiosqlite:////x.db", "sqlite+aiosqlite:////x.db"),
        ("postgresql://u:p@db:5433/roadstead", "postgresql+asyncpg://u:p@db:5433/roadstead"),
        ("postgres://u:p@db/roadstead", "postgresql+asyncpg://u:p@db/roadstead"),
        ("postgresql+asyncpg://db/roadstead", "postgresql+asyncpg://db/roadstead"),
        ("postgresql+psycopg://db/roadstead", "postgresql+asyncpg://db/roadstead"),
        ("postgresql://u@/r?host=/run/postgresql", "postgresql+asyncpg://u@/r?host=%2Frun%2Fpostgresql"),
        ("postgresql://db/r?sslmode=require", "postgresql+asyncpg://db/r?ssl=require"),
        ("postgresql://u:p%40ss@db/r", "postgresql+asyncpg://u:p%40ss@db/r"),
    ],
)
def test_urls(written: str, meant: str) -> None:
    assert database_url(written).render_as_string(hide_password=False) == meant


@pytest.mark.parametrize("written", ["postgresql://db/r", "postgres://db/r?sslmode=require"])
def test_an_engine_for_each_way_to_write_postgresql(written: str) -> None:
    engine = create_engine(Settings(database_url=written))
    assert (engine.dialect.name, engine.dialect.driver) == ("postgresql", "asyncpg")
