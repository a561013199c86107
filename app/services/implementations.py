"""What the fleet is made of."""

from app.domain.fleet.catalogue import FleetImplementation, implementations
from app.domain.paging import Page, PageRequest
from app.services.context import Context


async def list_implementations(context: Context, page: PageRequest) -> tuple[Page[FleetImplementation], int]:
    """A page of the fleet's implementations by their registers, and the fleet revision."""
    async with context.database.reading() as tx:
        fleet = await tx.fleet(context.now())
    found = [each for each in implementations(fleet) if each.key > page.after][: page.limit + 1]
    return Page.cut(found, page.limit, lambda each: each.key), fleet.revision
