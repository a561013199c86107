"""What is kept in memory for the next time, bounded in bytes."""

from collections.abc import Callable
from typing import TypeVar

from cachetools import LRUCache

K = TypeVar("K")
V = TypeVar("V")


class BoundedCache(LRUCache[K, V]):
    """Values that were used recently. Their bytes are counted, for a cache that counts values can become any size.

    `size` gives the bytes of a value with its key and all that it carries, also what it works out only later.
    """

    def __init__(self, max_bytes: int, size: Callable[[V], int]) -> None:
        super().__init__(max_bytes, getsizeof=size)

    def keep(self, key: K, value: V) -> V:
        """Keep a value, unless it is larger than the whole cache."""
        if self.getsizeof(value) <= self.maxsize:
            self[key] = value
        return value
