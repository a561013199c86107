"""What was worked out of one fleet for a placement, kept as long as the fleet: neither ever changes.

When a rack comes back, hundreds of VMs of a few placements are booted on one revision of the fleet.
"""

from collections.abc import Callable, Hashable
from typing import Any, Final

_EACH: Final = 4_000
_ALTOGETHER: Final = 100_000
"""Names, values and implementations that one answer, and all answers of a fleet, may have: some 100 bytes each."""


class Derivations:
    """Answers by question. What is large is not kept, and the oldest make room."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[Any, int]] = {}
        self._size = 0

    def once(self, question: Hashable, work: Callable[[], Any], size: Callable[[Any], int]) -> Any:
        if (found := self._kept.get(question)) is not None:
            return found[0]
        answer = work()
        self._keep(question, answer, size(answer))
        return answer

    def _keep(self, question: Hashable, answer: Any, size: int) -> None:
        if size > _EACH:
            return
        self._kept[question] = answer, size
        self._size += size
        while self._size > _ALTOGETHER:
            _, freed = self._kept.pop(next(iter(self._kept)))
            self._size -= freed
