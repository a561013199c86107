"""What is kept because it is asked for often, bounded in size."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

V = TypeVar("V")


class Kept(Generic[V]):
    """Values by key, of so much together; the oldest make room.

    `size` measures a value, mostly in bytes: with its key and all that it carries, also what it works out only later.
    """

    def __init__(self, most: int, size: Callable[[V], int]) -> None:
        self._most = most
        self._size = size
        self._together = 0
        self._values: dict[Hashable, V] = {}
        self.get: Callable[[Hashable], V | None] = self._values.get

    def keep(self, key: Hashable, value: V) -> V:
        """Keep a value, unless it is larger than all that may be kept."""
        self._forget(key)
        size = self._size(value)
        if size > self._most:
            return value
        self._values[key] = value
        self._together += size
        while self._together > self._most:
            self._forget(next(iter(self._values)))
        return value

    def _forget(self, key: Hashable) -> None:
        if key in self._values:
            self._together -= self._size(self._values.pop(key))


class Shared(Generic[V]):
    """Values that never change, one for each key.

    Those that anybody holds are found here as long as that; the others for a while, so many bytes of them.
    """

    def __init__(self, recent: int, size: Callable[[V], int]) -> None:
        self._held: WeakValueDictionary[bytes, V] = WeakValueDictionary()
        self._recent: Kept[V] = Kept(recent, size)

    def get(self, key: bytes) -> V | None:
        return self._held.get(key)

    def keep(self, key: bytes, value: V) -> V:
        """The one that is shared, which is this one unless somebody was faster."""
        return self._recent.keep(key, self._held.setdefault(key, value))
