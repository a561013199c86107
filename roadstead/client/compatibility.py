"""The call about which CPUs may share a list."""

from roadstead.client.calls import Call, address, get
from roadstead.client.documents import Compatibility


def read(page_size: int | None = None) -> Call[Compatibility]:
    """Which implementations of the fleet may share a list; pairs come in pages, all else in each of them."""
    return get(address("compatibility"), {"limit": page_size})
