"""Which implementations of a fleet may share a list: for those who design pools.

What forbids two implementations to share a list is decided by the tables that each is in, so it is decided once for
every two sets of tables, and pairs are told from there: their number is the square of that of implementations.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from app.domain.cpu.implementation import Implementation
from app.domain.fleet.catalogue import by_state, with_any_of
from app.domain.fleet.fleet import Fleet
from app.domain.fleet.host import HostState
from app.domain.paging import Page, PageRequest
from app.domain.planning.hazards import ForbiddenPair, forbidden_pairs, groups
from app.domain.reference.errata import ErrataTables


@dataclass(frozen=True, slots=True)
class Pooled:
    """An implementation of the fleet, with the entries that a guest applies because of it, in order of the tables."""

    implementation: Implementation
    errata: tuple[str, ...]

    def added(self, beside: "Pooled") -> tuple[str, ...]:
        """The entries that this one brings to a guest made for another."""
        return tuple(entry for entry in self.errata if entry not in beside.errata)


@dataclass(frozen=True, slots=True)
class Group:
    """Implementations that may all share one list, with the hosts that have any of them, by state."""

    implementations: tuple[Implementation, ...]
    hosts: Counter[HostState]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compatibility:
    fleet_revision: int
    implementations: tuple[Pooled, ...]
    """Every known implementation of the fleet, ascending; pairs index it."""
    groups: tuple[Group, ...]
    between_groups: tuple[ForbiddenPair, ...]
    """What forbids the members of any two groups to share a list; these pairs index `groups`."""
    pairs: Page[ForbiddenPair]
    """Two implementations each; these index `implementations`."""


def compatibility(fleet: Fleet, tables: ErrataTables, page: PageRequest) -> Compatibility:
    """The matrix of the fleet's implementations, as far as they are fully known, with a page of its pairs."""
    known = tuple(sorted(fleet.implementations()))
    divided = groups(tables, known)
    pairs = tuple(islice(_pairs(tables, known, page.after), page.limit + 1))
    return Compatibility(
        fleet_revision=fleet.revision,
        implementations=tuple(Pooled(each, tuple(entry.id for entry in tables.affecting(each))) for each in known),
        groups=tuple(_group(fleet, members) for members in divided),
        between_groups=tuple(forbidden_pairs(tables, (members[0] for members in divided))),
        pairs=Page.cut(pairs, page.limit, lambda pair: f"{pair.a}-{pair.b}"),
    )


def _pairs(tables: ErrataTables, known: tuple[Implementation, ...], after: str) -> Iterator[ForbiddenPair]:
    """The pairs after one that a page ended with, as in `3-17`; all of them where it is empty."""
    last = tuple(map(int, after.split("-"))) if after else (0, 0)
    return (pair for pair in forbidden_pairs(tables, known, last[0]) if (pair.a, pair.b) > last)


def _group(fleet: Fleet, members: tuple[Implementation, ...]) -> Group:
    return Group(members, by_state(fleet, with_any_of(fleet, members)))
