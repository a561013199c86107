"""Whether the service can do its work, and waiting until it can."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from app.domain.errors import DatabaseUnavailable
from app.services.context import Context
from app.storage.database_loss import explained
from app.storage.schema import mismatch

_PAUSE: Final = 0.5
"""Seconds between two looks at a database that is awaited."""
_AWAITED: Final = "the database has not answered since this worker started; nothing was done, repeat it in a moment"

logger = logging.getLogger("roadstead")


async def readiness_fault(context: Context) -> str | None:
    """What keeps the service from its work; None if nothing does. Whoever finds that first, opens it to all."""
    found = await mismatch(context.database)
    if found is None:
        context.database.release()
    elif context.database.is_withheld:
        context.database.withhold(found)
    return found


@asynccontextmanager
async def serving_once_ready(context: Context) -> AsyncIterator[None]:
    """Nobody is served before the database was seen at the schema of this release, however long that takes.

    A worker that ended instead would take all others with it, and could not be started again meanwhile.
    """
    context.database.withhold(_AWAITED)
    reason = await _reason_to_wait(context)
    waiting = asyncio.create_task(_wait(context, reason))
    try:
        yield
    finally:
        waiting.cancel()


async def _wait(context: Context, reason: str | None) -> None:
    told = None
    while reason is not None:
        if reason != told:
            logger.warning("not ready: %s", reason)
            told = reason
        await asyncio.sleep(_PAUSE)
        reason = await _reason_to_wait(context)
    if told is not None:
        logger.info("ready: the database is at the schema of this release")


async def _reason_to_wait(context: Context) -> str | None:
    try:
        return await readiness_fault(context)
    except DatabaseUnavailable as lost:
        # Only for the log: where the database is, is nothing for those who ask.
        return explained(lost)
