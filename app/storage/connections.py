"""Connections that are kept at hand, for transactions and reads that follow each other closely.

To take a connection from SQLAlchemy's pool and to give it back costs more than a statement. Nothing of one use is left
on a connection for the next: it has no transaction but ours, and one that something went wrong on is not kept.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.domain.errors import RoadsteadError
from app.storage.direct import Direct


class Connections:
    """As many of an engine as its pool may have. Each leaves transactions to who uses it (`create_engine`)."""

    def __init__(self, engine: AsyncEngine, size: int) -> None:
        self._engine = engine
        self._idle: list[AsyncConnection] = []
        self._turns = asyncio.Semaphore(size)

    @asynccontextmanager
    async def one(self, patience: float | None) -> AsyncIterator[AsyncConnection]:
        """Waiting for one that is free and making it may take `patience` seconds together."""
        async with asyncio.timeout(patience) as waiting, self._turns:
            connection = await self._take()
            waiting.reschedule(None)
            try:
                yield connection
            except RoadsteadError:
                await self._give_back(connection)
                raise
            except BaseException:
                await _discard(connection)
                raise
            await self._give_back(connection)

    async def _take(self) -> AsyncConnection:
        while self._idle:
            connection = self._idle.pop()
            if not Direct.of(connection).is_closed:
                return connection
            await _discard(connection)
        return await self._engine.connect()

    async def _give_back(self, connection: AsyncConnection) -> None:
        if connection.invalidated or Direct.of(connection).is_closed:
            await _discard(connection)
            return
        if connection.in_transaction():
            # SQLAlchemy begins one of its own with each statement, though the database is told of none.
            await connection.rollback()
        self._idle.append(connection)

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()
        await self._engine.dispose()


async def _discard(connection: AsyncConnection) -> None:
    if not connection.invalidated:
        await connection.invalidate()
    await connection.close()
