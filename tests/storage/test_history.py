"""The history of a host, read while it changes."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.domain.preconditions import UNCONDITIONAL
from app.services.context import Context
from app.services.hosts import delete_host, put_host
from app.storage.hosts import Hosts
from tests.storage.workers import N1, N2, a_host

pytestmark = pytest.mark.anyio


class Interrupted:
    """A connection on which something else happens after the first statement."""

    def __init__(self, connection: Any, meanwhile: Callable[[], Awaitable[object]]) -> None:
        self._connection = connection
        self._meanwhile: Callable[[], Awaitable[object]] | None = meanwhile

    async def execute(self, statement: Any) -> Any:
        result = await self._connection.execute(statement)
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile:
            await meanwhile()
        return result


async def history(worker: Context, meanwhile: Callable[[], Awaitable[object]]) -> list[bool]:
    """Of each period, whether it has ended."""
    async with worker.database.reading() as tx:
        connection: Any = Interrupted(tx.connection, meanwhile)
        periods = await Hosts(connection, tx.direct, tx.identities).history("h1")
    return [period.until is not None for period in periods]


async def test_a_period_that_ends_meanwhile_is_told_once(worker: Context, other: Context) -> None:
    await put_host(worker, a_host("h1", N1), UNCONDITIONAL, "test")
    assert await history(worker, lambda: put_host(other, a_host("h1", N2), UNCONDITIONAL, "test")) == [True]
    assert await history(worker, lambda: delete_host(other, "h1", UNCONDITIONAL)) == [True, True]
