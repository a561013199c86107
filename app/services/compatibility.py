"""What of the fleet may share a list."""

import asyncio

from app.domain.paging import PageRequest
from app.domain.planning.compatibility import Compatibility, compatibility
from app.services.context import Context


async def fleet_compatibility(context: Context, page: PageRequest) -> Compatibility:
    async with context.database.reading() as tx:
        fleet = await tx.fleet(context.now())
    # In a thread: with thousands of implementations it takes longer than others should wait.
    return await asyncio.to_thread(compatibility, fleet, context.reference.tables, page)
