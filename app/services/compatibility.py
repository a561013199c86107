"""What of the fleet may share a list."""

from app.domain.planning.compatibility import Compatibility, compatibility
from app.services.context import Context


async def fleet_compatibility(context: Context) -> Compatibility:
    async with context.database.reading() as tx:
        fleet = await tx.fleet(context.now())
    return compatibility(fleet, context.reference.tables)
