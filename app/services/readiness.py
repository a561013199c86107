"""Whether the service can do its work."""

from app.services.context import Context
from app.storage.schema import mismatch


async def schema_fault(context: Context) -> str | None:
    """What keeps the service from working on this schema; None if nothing does."""
    return await mismatch(context.database)
