"""Which implementations of a fleet may share a list: for those who design pools."""

from collections import Counter
from dataclasses import dataclass

from app.domain.cpu.implementation import Implementation
from app.domain.fleet.catalogue import by_state
from app.domain.fleet.fleet import Fleet, union
from app.domain.fleet.host import HostState
from app.domain.planning.hazards import ForbiddenPair, forbidden_pairs, groups
from app.domain.reference.errata import ErrataTables


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
