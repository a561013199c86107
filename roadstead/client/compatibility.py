"""The call about which CPUs may share a list."""

from roadstead.client.calls import Call, address, get
from roadstead.client.documents import Compatibility


def read() -> Call[Compatibility]:
    """Which implementations of the fleet may share a list."""
    return get(address("compatibility"))
