"""A witness in the database: what registers a host had when a VM was admitted to it, or booted on it.

On PostgreSQL the witness looks at the moment of the commit, and without any lock: a change of registers that passed an
admission could not escape it. It also makes writers dawdle between judgement and commit, so that others have time to.
"""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import asyncpg

_POSTGRESQL: Final = (
    "CREATE TABLE witnessed (kind text, name text, digest bytea, identity bytea)",
    """
    CREATE FUNCTION witness_admission() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO witnessed SELECT 'admission', NEW.id, NEW.digest, identity FROM hosts WHERE id = NEW.target_id;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION witness_boot() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO witnessed SELECT 'boot', vms.name || '/' || NEW.number, NEW.digest, identity
        FROM vms JOIN hosts ON hosts.name = NEW.host WHERE vms.id = NEW.vm_id;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_sleep(random() * 0.01);
        RETURN NEW;
    END $$
    """,
    """
    CREATE CONSTRAINT TRIGGER witness AFTER INSERT ON migrations DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION witness_admission()
    """,
    """
    CREATE CONSTRAINT TRIGGER witness AFTER INSERT ON boots DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION witness_boot()
    """,
    "CREATE TRIGGER dawdle BEFORE INSERT ON migrations FOR EACH ROW EXECUTE FUNCTION dawdle()",
    "CREATE TRIGGER dawdle BEFORE INSERT ON boots FOR EACH ROW EXECUTE FUNCTION dawdle()",
    "CREATE TRIGGER dawdle AFTER UPDATE ON hosts FOR EACH ROW EXECUTE FUNCTION dawdle()",
)
_SQLITE: Final = (
    "CREATE TABLE witnessed (kind text, name text, digest blob, identity blob)",
    """
    CREATE TRIGGER witness_admission AFTER INSERT ON migrations BEGIN
        INSERT INTO witnessed SELECT 'admission', NEW.id, NEW.digest, identity FROM hosts WHERE id = NEW.target_id;
    END
    """,
    """
    CREATE TRIGGER witness_boot AFTER INSERT ON boots BEGIN
        INSERT INTO witnessed SELECT 'boot', vms.name || '/' || NEW.number, NEW.digest, identity
        FROM vms JOIN hosts ON hosts.name = NEW.host WHERE vms.id = NEW.vm_id;
    END
    """,
)
_TESTIMONY: Final = """
    SELECT kind, witnessed.name, midr, revidr, aidr, entries FROM witnessed
    JOIN identity_groups ON identity_groups.digest = witnessed.identity
    JOIN implementation_lists ON implementation_lists.digest = witnessed.digest
"""


class Seen(NamedTuple):
    """CPUs of a host as they were when a guest was let in, beside the list that the guest was told."""

    kind: str
    name: str
    midr: bytes
    revidr: bytes
    aidr: bytes | None
    entries: bytes

    @property
    def told(self) -> bool:
        """Whether the guest knows of them."""
        entries = (self.entries[start : start + 24] for start in range(0, len(self.entries), 24))
        return self.aidr is not None and self.midr + self.revidr + self.aidr in entries


@dataclass(frozen=True)
class Sql:
    """Statements to a database beside the service, each in a transaction of its own."""

    url: str

    def run(self, *statements: str) -> None:
        for statement in statements:
            self.rows(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        if self.url.startswith("sqlite"):
            return self._sqlite_rows(query)
        return asyncio.run(self._postgresql_rows(query))

    def _sqlite_rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=30)) as connection, connection:
            return connection.execute(query).fetchall()

    async def _postgresql_rows(self, query: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()


def station_witness(sql: Sql) -> None:
    sql.run(*(_SQLITE if sql.url.startswith("sqlite") else _POSTGRESQL))


def evidence(sql: Sql) -> list[Seen]:
    return [Seen(*row) for row in sql.rows(_TESTIMONY)]
