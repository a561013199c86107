"""Pages of long answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageRequest:
    after: str
    """Where the page begins: after the item of this key; empty for the first page."""
    limit: int


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: tuple[T, ...]
    next_after: str | None
    """Key of the last item where more follow; None on the last page."""

    @classmethod
    def cut(cls, found: Sequence[T], limit: int, key: Callable[[T], str]) -> "Page[T]":
        """The first `limit` of what was found, which is one more where there is a next page."""
        items = tuple(found[:limit])
        return cls(items, key(items[-1]) if len(found) > limit else None)
