"""The call about the fleet as a whole."""

from roadstead.client.calls import Call, address, get
from roadstead.client.documents import Fleet


def read() -> Call[Fleet]:
    """How the fleet stands, in numbers."""
    return get(address("fleet"))
