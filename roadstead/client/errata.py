"""Calls about what lists do to guests: errata, mitigations, and which CPUs may share a list."""

from roadstead.client.calls import Call, address, get
from roadstead.client.documents import Compatibility, Concern, Effects, ErratumPage, ListContent


def find(page_size: int | None = None) -> Call[ErratumPage]:
    """The tables that are loaded, by id."""
    return get(address("errata"), {"limit": page_size})


def read(id_: str) -> Call[Concern]:
    """One table, and whom of the fleet it concerns."""
    return get(address("errata", id_))


def effects_on_vm(name: str, kernel: str | None = None) -> Call[Effects]:
    """What the list in force does to the guest, with this kernel or the newest that is known."""
    return get(address("vms", name, "implementation-list", "effects"), {"kernel": kernel})


def effects_of_list(digest: str, kernel: str | None = None) -> Call[Effects]:
    """What a list does to any guest."""
    return get(address("implementation-lists", digest, "effects"), {"kernel": kernel})


def list_content(digest: str) -> Call[ListContent]:
    """A list by its digest: immutable, so it may be kept for good."""
    return get(address("implementation-lists", digest))


def compatibility() -> Call[Compatibility]:
    """Which implementations of the fleet may share a list."""
    return get(address("compatibility"))
