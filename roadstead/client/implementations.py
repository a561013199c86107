"""Calls about what the fleet is made of."""

from roadstead.client.calls import Call, address, get
from roadstead.client.documents import FleetImplementationPage


def find(page_size: int | None = None) -> Call[FleetImplementationPage]:
    """Every distinct implementation of the fleet."""
    return get(address("implementations"), {"limit": page_size})
