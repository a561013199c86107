"""A second opinion on rule 12, by other means than hazards.py: members are counted, and ranges are read raw."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Final

from app.domain.cpu.implementation import Implementation
from app.domain.cpu.registers import decode_midr
from app.domain.reference.errata import ErrataTables, ErratumEntry, TableRule

Model = tuple[int, int]
"""Implementer and part number."""


_KEPT: Final = 10_000
"""Implementations that are remembered. A fleet has far fewer; one that had more would be looked up again."""


class Memberships:
    """Which tables of safe and capable parts have an implementation."""

    def __init__(self, tables: ErrataTables) -> None:
        self._found: dict[Implementation, frozenset[str]] = {}
        self._naming: dict[Model, dict[str, ErratumEntry]] = defaultdict(dict)
        for entry in tables.entries:
            if entry.rule is TableRule.ANY_SAFE and not entry.el2_only:
                for span in entry.ranges:
                    self._naming[span.implementer, span.part][entry.id] = entry

    def of(self, implementation: Implementation) -> frozenset[str]:
        if (found := self._found.get(implementation)) is None:
            if len(self._found) >= _KEPT:
                self._found.clear()
            found = self._found[implementation] = self._of(implementation)
        return found

    def _of(self, implementation: Implementation) -> frozenset[str]:
        midr = decode_midr(implementation.midr)
        if midr.architecture != 15:  # noqa: PLR2004 - "features are described in the ID registers", the only one listed
            return frozenset()
        model, revision = (midr.implementer, midr.part_number), 16 * midr.variant + midr.revision
        naming = self._naming.get(model, {})
        return frozenset(id_ for id_, entry in naming.items() if _has(entry, model, revision, implementation.revidr))


@lru_cache(maxsize=4)
def memberships(tables: ErrataTables) -> Memberships:
    return Memberships(tables)


def _has(entry: ErratumEntry, model: Model, revision: int, revidr: int) -> bool:
    for fix in entry.fixed:
        at = 16 * fix.revision.variant + fix.revision.revision
        if (fix.implementer, fix.part) == model and at == revision and revidr & 1 << fix.revidr_bit:
            return False
    for span in entry.ranges:
        first = 16 * span.first.variant + span.first.revision
        last = 16 * span.last.variant + span.last.revision
        if (span.implementer, span.part) == model and first <= revision <= last:
            return True
    return False


def mixed(found: Sequence[frozenset[str]]) -> frozenset[str]:
    """The tables that have some of these implementations, and not all."""
    members = Counter(chain.from_iterable(found))
    return frozenset(table for table, count in members.items() if count < len(found))


def hazards_on_list(tables: ErrataTables, implementations: Sequence[Implementation]) -> tuple[str, ...]:
    """Ids of the tables of which a list has members and others, sorted."""
    found = memberships(tables)
    return tuple(sorted(mixed([found.of(each) for each in implementations])))
