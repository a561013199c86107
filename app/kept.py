"""What is kept because it is asked for often, bounded in bytes."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class Kept(Generic[V]):
    """Values by key, of so many bytes together; the oldest make room.

    `size` gives the bytes of a value with its key and all that it carries, also what it works out only later.
    """

    def __init__(self, most: int, size: Callable[[V], int]) -> None:
        self._most = most
        self._size = size
        self._bytes = 0
        self._values: dict[Hashable, V] = {}
        self.get: Callable[[Hashable], V | None] = self._values.get

    def keep(self, key: Hashable, value: V) -> V:
        """Keep a value, unless it is larger than all that may be kept."""
        self._forget(key)
        if self._size(value) > self._most:
            return value
        self._values[key] = value
        self._bytes += self._size(value)
        while self._bytes > self._most:
            self._forget(next(iter(self._values)))
        return value

    def _forget(self, key: Hashable) -> None:
        if key in self._values:
            self._bytes -= self._size(self._values.pop(key))
