"""Sealed lists, by content."""

from app.domain.errors import (
    ImplementationListNotFound,
)
from app.domain.planning.implementation_list import ImplementationList
from app.services.context import Context


async def get_implementation_list(context: Context, digest: str) -> ImplementationList:
    async with context.database.reading() as tx:
        if implementations := await tx.lists.find(digest):
            return implementations
        raise ImplementationListNotFound(digest)
