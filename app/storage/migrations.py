"""Migrations: rows to domain values and back."""

from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple, assert_never

from sqlalchemy import ColumnElement, Row, and_, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.errors import MigrationNotFound, MigrationUnreadable
from app.domain.vms.migration import Migration, MigrationState
from app.domain.vms.vm import Vm, VmRecord
from app.storage.direct import Direct, Statement, Write, named
from app.storage.implementation_lists import digest_bytes, digest_text
from app.storage.tables import migrations
from app.storage.tokens import new_token
from app.storage.unreadable import readable
from app.storage.vms import change

_SEEN = select(migrations).where(migrations.c.id == bindparam("wanted"))
_GET: Final = Statement(_SEEN)
_LOCK: Final = Statement(_SEEN.with_for_update())
_ADMIT: Final = Statement(migrations.insert().values(named(migrations, "number")))
_CLOSE: Final = Statement(
    update(migrations)
    .where(migrations.c.id == bindparam("wanted"))
    .values(state=bindparam("ended"), closed_at=bindparam("now"))
)


class MigrationRow(NamedTuple):
    """A migration with what orders migrations and joins them to VMs."""

    number: int
    """Ascends in the order of admission."""
    migration: Migration | None
    """None where it cannot be read."""


class Migrations:
    def __init__(self, connection: AsyncConnection, direct: Direct) -> None:
        self._connection = connection
        self._direct = direct

    async def find(self, id_: str) -> Migration | None:
        """Raises MigrationUnreadable."""
        return await self._one(_GET, id_)

    async def get(self, id_: str) -> Migration:
        """Raises MigrationNotFound, MigrationUnreadable."""
        return MigrationNotFound.unless(await self.find(id_), id_)

    async def lock(self, id_: str) -> Migration:
        """Hold the migration against every other change. After its VM. Raises as `get`."""
        return MigrationNotFound.unless(await self._one(_LOCK, id_), id_)

    async def _one(self, statement: Statement, id_: str) -> Migration | None:
        row = await self._direct.row(statement, wanted=id_)
        if row is None:
            return None
        if (migration := _readable(row)) is None:
            raise MigrationUnreadable(row.id)
        return migration

    async def page(
        self, after: int, limit: int, vm: str | None, state: MigrationState | None, overdue_before: datetime
    ) -> list[MigrationRow]:
        """Up to `limit` migrations after a number, in the order of admission.

        Open ones that were admitted before a time are in state `overdue` here, and not in state `admitted`.
        """
        statement = select(migrations).where(migrations.c.number > after).order_by(migrations.c.number).limit(limit)
        if vm is not None:
            statement = statement.where(migrations.c.vm == vm)
        if state is not None:
            statement = statement.where(_shows(state, overdue_before))
        return [MigrationRow(row.number, _readable(row)) for row in await self._connection.execute(statement)]

    async def count_open(self, overdue_before: datetime) -> tuple[int, int]:
        """How many migrations are open, and how many of them were admitted before a time."""
        overdue = func.count().filter(migrations.c.admitted_at < overdue_before)
        statement = select(func.count(), overdue).where(migrations.c.closed_at.is_(None))
        row = (await self._connection.execute(statement)).one()
        return row[0], row[1]

    async def admit(self, migration: Migration, target_key: int, record: VmRecord, vm: Vm) -> None:
        """Write a migration, and what has become of its VM."""
        values = {
            "id": migration.id,
            "vm_id": record.key,
            "vm": migration.vm,
            "source": migration.source,
            "target": migration.target,
            "target_id": target_key,
            "state": migration.state.value,
            "digest": digest_bytes(migration.digest),
            "admitted_at": migration.admitted_at,
            "closed_at": migration.closed_at,
        }
        await self._direct.write(Write(_ADMIT, values), change(record, vm, new_token()))

    async def close(self, migration: Migration, record: VmRecord, vm: Vm, host_key: int | None = None) -> None:
        """Write the end of a migration, and what has become of its VM; with the key of its host where it has moved."""
        values = {"wanted": migration.id, "ended": migration.state.value, "now": migration.closed_at}
        await self._direct.write(Write(_CLOSE, values), change(record, vm, new_token(), host_key))


def _shows(state: MigrationState, overdue_before: datetime) -> ColumnElement[bool]:
    admitted = migrations.c.state == MigrationState.ADMITTED.value
    match state:
        case MigrationState.ADMITTED:
            return and_(admitted, migrations.c.admitted_at >= overdue_before)
        case MigrationState.OVERDUE:
            return and_(admitted, migrations.c.admitted_at < overdue_before)
        case MigrationState.COMPLETED | MigrationState.FAILED:
            return migrations.c.state == state.value
        case _:
            assert_never(state)


def _readable(row: Row[Any]) -> Migration | None:
    return readable("migration", row.id, partial(_migration, row))


def _migration(row: Row[Any]) -> Migration:
    return Migration(
        id=row.id,
        vm=row.vm,
        source=row.source,
        target=row.target,
        state=MigrationState(row.state),
        digest=digest_text(row.digest),
        admitted_at=row.admitted_at,
        closed_at=row.closed_at,
    )
