"""The tables, and whom of the fleet they concern."""

from collections import Counter
from dataclasses import dataclass

from app.domain.cpu.implementation import Implementation
from app.domain.errors import ErratumNotFound
from app.domain.fleet.catalogue import by_state
from app.domain.fleet.fleet import union
from app.domain.fleet.host import HostState
from app.domain.reference.errata import ErratumEntry
from app.services.context import Context


@dataclass(frozen=True, slots=True)
class Concern:
    """An entry of the tables, with those of the fleet that it counts."""

    entry: ErratumEntry
    fleet_revision: int
    implementations: tuple[Implementation, ...]
    hosts: Counter[HostState]


async def concern(context: Context, id_: str) -> Concern:
    """Whom of the fleet an entry concerns. Raises ErratumNotFound."""
    entry = context.reference.tables.entry(id_)
    if entry is None:
        raise ErratumNotFound(id_)
    async with context.database.reading() as tx:
        fleet = await tx.fleet(context.now())
    counted = {each for identity, _ in fleet.identities() for each in identity.known if entry.counts(each)}
    hosts = union(hosts for identity, hosts in fleet.identities() if not identity.known.isdisjoint(counted))
    return Concern(entry, fleet.revision, tuple(sorted(counted)), by_state(fleet, hosts))
