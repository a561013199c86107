"""Which of many implementations a person would call the closest relative of another."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from app.domain.cpu.implementation import Implementation

_STEPPING: Final = 0x00F0_000F
"""Variant and revision of MIDR_EL1: what changes between steppings of one model."""

_LIKENESSES: Final[tuple[Callable[[int, Implementation], tuple[object, ...]], ...]] = (
    lambda midr, each: (midr, each.revidr, each.aidr),
    lambda midr, each: (midr, each.revidr, None),
    lambda midr, each: (midr, None, each.aidr),
    lambda midr, _: (midr, None, None),
)
"""What relatives of one stepping may have in common, the closest first: REVIDR and AIDR, REVIDR, AIDR, neither."""


class Relatives:
    """Implementations, looked up by likeness: a list may have thousands, and a host as many."""

    def __init__(self, implementations: Iterable[Implementation]) -> None:
        self._steppings: dict[int, set[int]] = defaultdict(set)
        self._lowest: dict[tuple[object, ...], Implementation] = {}
        for each in sorted(implementations):
            self._steppings[each.midr & ~_STEPPING].add(each.midr)
            for likeness in _LIKENESSES:
                self._lowest.setdefault(likeness(each.midr, each), each)

    def nearest(self, wanted: Implementation) -> Implementation | None:
        """The closest relative; None where there are none.

        Same implementer and part first, then the nearest variant and revision, then equal REVIDR before equal AIDR.
        """
        if not self._steppings:
            return None
        closest = self._closest_steppings(wanted.midr)
        for likeness in _LIKENESSES:
            if found := [each for midr in closest if (each := self._lowest.get(likeness(midr, wanted)))]:
                return min(found)
        return None

    def _closest_steppings(self, midr: int) -> list[int]:
        """The MIDRs of the nearest model whose stepping is as near as any: one, or one on either side."""
        model = min(self._steppings, key=(midr & ~_STEPPING).__xor__)
        distances = {each: abs((each & _STEPPING) - (midr & _STEPPING)) for each in self._steppings[model]}
        shortest = min(distances.values())
        return [each for each, distance in distances.items() if distance == shortest]
