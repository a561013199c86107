"""Which implementations may share a list."""

from typing import TypedDict

from roadstead.client.documents.common import Implementation
from roadstead.client.documents.hosts import HostsByState


class Pooled(Implementation):
    errata: list[str]


class Group(TypedDict):
    """Implementations that may all share one list."""

    implementations: list[Implementation]
    hosts: HostsByState


class GroupPair(TypedDict):
    """Two groups, by index, whose members may not share a list."""

    a: int
    b: int
    forbidden_by: list[str]


class Pair(TypedDict):
    """Two implementations, by index, that may not share a list."""

    a: int
    b: int
    share: bool
    forbidden_by: list[str]
    a_adds: list[str]
    b_adds: list[str]


class Compatibility(TypedDict):
    fleet_revision: int
    tables: str
    implementations: list[Pooled]
    groups: list[Group]
    between_groups: list[GroupPair]
    pairs: list[Pair]
    next_cursor: str | None
