from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cpu.implementation import ReportedImplementation
from app.domain.preconditions import UNCONDITIONAL
from app.services.context import Context
from app.services.hosts import get_host, put_host
from app.storage.types import Name, Register, Timestamp
from tests.storage.workers import a_host

pytestmark = pytest.mark.anyio

VALUES = [0, 1, 0xFF, 0x413F_D0C1, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1]

typed = Table(
    "typed",
    MetaData(),
    Column("key", BigInteger, primary_key=True),
    Column("register", Register),
    Column("moment", Timestamp),
    Column("name", Name),
    prefixes=["TEMPORARY"],
)


async def written(connection: AsyncConnection, column: str, values: list[Any]) -> None:
    await connection.run_sync(typed.create, checkfirst=True)
    await connection.execute(delete(typed))
    await connection.execute(insert(typed), [{"key": key, column: value} for key, value in enumerate(values)])


async def test_registers_are_eight_bytes_big_endian(worker: Context) -> None:
    """All 64 bits survive, and bytes sort as the unsigned numbers do."""
    async with worker.database.writing() as tx:
        await written(tx.connection, "register", list(reversed(VALUES)))
        found = (await tx.connection.execute(select(typed.c.register).order_by(typed.c.register))).scalars()
        assert list(found) == VALUES
        raw = (await tx.connection.execute(text("SELECT register FROM typed ORDER BY register"))).scalars()
        assert list(raw) == [value.to_bytes(8, "big") for value in VALUES]
        above = select(typed.c.register).where(typed.c.register > 2**63 - 1).order_by(typed.c.register)
        assert list((await tx.connection.execute(above)).scalars()) == [2**63, 2**64 - 1]


async def test_an_unknown_register_is_null_and_not_zero(worker: Context) -> None:
    async with worker.database.writing() as tx:
        await written(tx.connection, "register", [None, 0])
        found = (await tx.connection.execute(select(typed.c.register).order_by(typed.c.key))).scalars()
        assert list(found) == [None, 0]


@pytest.mark.parametrize("value", [-1, 2**64])
async def test_what_is_no_register_is_never_written(worker: Context, value: int) -> None:
    async with worker.database.writing() as tx:
        with pytest.raises(Exception, match=r"unsigned|too big"):
            await written(tx.connection, "register", [value])


async def test_every_register_of_a_host_comes_back(worker: Context, other: Context) -> None:
    wide = [
        ReportedImplementation(value, VALUES[-1 - at], None if at % 3 == 0 else value)
        for at, value in enumerate(VALUES)
    ]
    host = a_host("h1", *((str(cpu), each) for cpu, each in enumerate(wide)))
    await put_host(worker, host, UNCONDITIONAL, "test")
    assert (await get_host(other, "h1")).host == host


async def test_moments_come_back_in_utc_to_the_microsecond(worker: Context) -> None:
    moment = datetime(2026, 11, 22, 12, 30, 1, 234567, tzinfo=timezone(timedelta(hours=2, minutes=30)))
    async with worker.database.writing() as tx:
        await written(tx.connection, "moment", [moment, moment + timedelta(microseconds=1), None])
        first, second, none = (await tx.connection.execute(select(typed.c.moment).order_by(typed.c.key))).scalars()
        assert (first, first.tzinfo, none) == (moment, UTC, None)
        assert second - first == timedelta(microseconds=1)
        later = select(typed.c.key).where(typed.c.moment > moment)
        assert list((await tx.connection.execute(later)).scalars()) == [1]


async def test_names_sort_as_python_sorts_them(worker: Context) -> None:
    """Whatever the locale of the server: pages are cut by comparing names, here and there."""
    names = ["a", "a-b", "a.b", "a0", "aa", "a-", "b", "10", "9", "h1", "h10", "h2", "h-1", "h.1"]
    async with worker.database.writing() as tx:
        await written(tx.connection, "name", names)
        found = (await tx.connection.execute(select(typed.c.name).order_by(typed.c.name))).scalars()
        assert list(found) == sorted(names)
        after = (await tx.connection.execute(select(typed.c.name).where(typed.c.name > "a.b"))).scalars()
        assert set(after) == {name for name in names if name > "a.b"}
