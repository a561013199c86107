"""Calls about what lists do to guests."""

from roadstead.client.calls import Call, address, get
from roadstead.client.documents import Effects


def of_vm(vm: str, kernel: str | None = None) -> Call[Effects]:
    """What the list in force does to the guest, with this kernel or the newest that is known."""
    return get(address("vms", vm, "implementation-list", "effects"), {"kernel": kernel})


def of_list(digest: str, kernel: str | None = None) -> Call[Effects]:
    """What a list does to any guest."""
    return get(address("implementation-lists", digest, "effects"), {"kernel": kernel})
