"""Which implementations of a fleet may share a list: for those who design pools."""

from collections import Counter
from dataclasses import dataclass

from app.domain.catalogue import by_state
from app.domain.errata import ErrataTables
from app.domain.fleet import Fleet, union
from app.domain.hazards import ForbiddenPair, forbidden_pairs, groups
from app.domain.host import HostState
from app.domain.implementation import Implementation


@dataclass(frozen=True, slots=True)
class Group:
    """Implementations that may all share one list, with the hosts that have any of them, by state."""

    implementations: tuple[Implementation, ...]
    hosts: Counter[HostState]


@dataclass(frozen=True, slots=True)
class Compatibility:
    fleet_revision: int
    implementations: tuple[Implementation, ...]
    """Every known implementation of the fleet, ascending; pairs index it."""
    groups: tuple[Group, ...]
    pairs: tuple[ForbiddenPair, ...]


def compatibility(fleet: Fleet, tables: ErrataTables) -> Compatibility:
    """The matrix of the fleet's implementations, as far as they are fully known."""
    known = tuple(sorted({each for identity, _ in fleet.identities() for each in identity.known}))
    divided = tuple(_group(fleet, members) for members in groups(tables, known))
    return Compatibility(fleet.revision, known, divided, forbidden_pairs(tables, known))


def _group(fleet: Fleet, members: tuple[Implementation, ...]) -> Group:
    hosts = union(hosts for identity, hosts in fleet.identities() if not identity.known.isdisjoint(members))
    return Group(members, by_state(fleet, hosts))
