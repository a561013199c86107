"""The tables, and whom of the fleet they concern."""

from app.domain.errors import ErratumNotFound
from app.domain.planning.concern import Concern, concern
from app.services.context import Context


async def read_erratum(context: Context, id_: str) -> Concern:
    """An entry of the tables, and whom of the fleet it concerns. Raises ErratumNotFound."""
    entry = context.reference.tables.entry(id_)
    if entry is None:
        raise ErratumNotFound(id_)
    async with context.database.reading() as tx:
        return concern(await tx.fleet(context.now()), entry)
