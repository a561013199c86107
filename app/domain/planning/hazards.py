"""Rule 12: a list must never weaken the guest.

Linux takes every listed CPU for safe, or capable, as soon as *one* of them is in a table of safe or capable
parts (`is_midr_in_range_list` in arch/arm64/kernel/cpu_errata.c, asked by proton-pack.c and cpufeature.c). So
either all implementations of a list are in such a table or none is; a table that a list mixes is a hazard.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import merge
from typing import NamedTuple

from app.domain.cpu.implementation import Implementation
from app.domain.planning.plan import LeftOut
from app.domain.reference.errata import ErrataTables


@dataclass(frozen=True, slots=True)
class Screening:
    """What becomes of the implementations that could join those of a boot host."""

    admitted: tuple[Implementation, ...]
    """Ascending by (MIDR, REVIDR, AIDR)."""
    left_out: tuple[LeftOut, ...]
    """Those that would weaken the guest, ascending."""
    on_boot_host: tuple[str, ...]
    """Tables that the boot host itself mixes and that are not accepted: any of them refuses the boot."""
    accepted: tuple[str, ...]
    """Accepted hazards that really are hazards on the list; those that do no harm here are not named."""

    def __len__(self) -> int:
        return len(self.admitted) + len(self.left_out)


class ForbiddenPair(NamedTuple):
    """Two implementations, by position, that may not share a list."""

    a: int
    b: int
    forbidden_by: tuple[str, ...]


def screen(
    tables: ErrataTables,
    own: Collection[Implementation],
    others: Mapping[Implementation, int],
    accepted: Collection[str] = (),
) -> Screening:
    """Let in what may stand beside the boot host's own implementations.

    `others` maps each candidate to the number of hosts that have it; the boot host's own are passed over.
    A table in `accepted` forbids nothing.
    """
    candidates = others.keys() - set(own)
    forbidden = weakening(tables, own, candidates, accepted)
    admitted = tuple(sorted(candidates - forbidden.keys()))
    return Screening(
        admitted,
        tuple(LeftOut(each, others[each], forbidden[each]) for each in sorted(forbidden)),
        tuple(hazard for hazard in hazards_of(tables, own) if hazard not in accepted),
        tuple(hazard for hazard in hazards_of(tables, (*own, *admitted)) if hazard in accepted),
    )


def weakening(
    tables: ErrataTables,
    listed: Iterable[Implementation],
    candidates: Iterable[Implementation],
    accepted: Collection[str] = (),
) -> Mapping[Implementation, tuple[str, ...]]:
    """Those candidates that would weaken a guest with this list, each with the tables that forbid it."""
    present = {tables.safe_in(each) for each in listed}
    return {
        candidate: forbidding
        for membership, alike in _by_membership(tables, candidates).items()
        if (forbidding := tuple(sorted(_mixed({*present, membership}).difference(accepted))))
        for candidate in alike
    }


def hazards_of(tables: ErrataTables, implementations: Iterable[Implementation]) -> tuple[str, ...]:
    """The tables that a list of these mixes, sorted; for two, what forbids them to share a list."""
    return tuple(sorted(_mixed({tables.safe_in(each) for each in implementations})))


def groups(tables: ErrataTables, implementations: Iterable[Implementation]) -> tuple[tuple[Implementation, ...], ...]:
    """The implementations divided into the largest sets that may share a list; all of it ascending."""
    return tuple(sorted(tuple(sorted(alike)) for alike in _by_membership(tables, implementations).values()))


def forbidden_pairs(
    tables: ErrataTables, implementations: Iterable[Implementation], start: int = 0
) -> Iterator[ForbiddenPair]:
    """Every two that may not share a list, by ascending positions, from a first position on."""
    memberships = [tables.safe_in(each) for each in implementations]
    alike: dict[frozenset[str], list[int]] = {}
    for position, membership in enumerate(memberships):
        alike.setdefault(membership, []).append(position)
    forbidden = {one: {other: tuple(sorted(one ^ other)) for other in alike if other != one} for one in alike}
    for a in range(start, len(memberships)):
        against = forbidden[memberships[a]]
        later = (members[bisect_right(members, a) :] for other, members in alike.items() if other in against)
        for b in merge(*later):
            yield ForbiddenPair(a, b, against[memberships[b]])


def _by_membership(
    tables: ErrataTables, implementations: Iterable[Implementation]
) -> Mapping[frozenset[str], Collection[Implementation]]:
    """Implementations by the hazard tables they are in: each set of tables is judged once."""
    alike: dict[frozenset[str], set[Implementation]] = {}
    for each in implementations:
        alike.setdefault(tables.safe_in(each), set()).add(each)
    return alike


def _mixed(memberships: Collection[frozenset[str]]) -> frozenset[str]:
    """The tables that are in some of the memberships and not in all."""
    some = frozenset[str]().union(*memberships)
    return frozenset(table for table in some if not all(table in each for each in memberships))
