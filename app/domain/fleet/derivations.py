"""What was worked out of one fleet for a placement, kept as long as the fleet: neither ever changes.

When a rack comes back, hundreds of VMs of a few placements are booted on one revision of the fleet.
"""

from collections.abc import Callable, Hashable
from typing import Any, Final, NamedTuple

from app.kept import Kept

_EACH: Final = 4_000
_ALTOGETHER: Final = 100_000
"""Names, values and implementations that one answer, and all answers of a fleet, may have: some 100 bytes each."""


class _Answer(NamedTuple):
    told: Any
    size: int


class Derivations:
    """Answers by question. What is large is not kept."""

    def __init__(self) -> None:
        self._answers: Kept[_Answer] = Kept(_ALTOGETHER, lambda answer: answer.size)

    def once(self, question: Hashable, work: Callable[[], Any], size: Callable[[Any], int]) -> Any:
        if (known := self._answers.get(question)) is not None:
            return known.told
        told = work()
        answer = _Answer(told, size(told))
        if answer.size <= _EACH:
            self._answers.keep(question, answer)
        return told
