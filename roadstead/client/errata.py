"""Calls about the tables of errata and mitigations."""

from roadstead.client.calls import Call, address, get
from roadstead.client.documents import Concern, ErratumPage


def find(page_size: int | None = None) -> Call[ErratumPage]:
    """The tables that are loaded, by id."""
    return get(address("errata"), {"limit": page_size})


def read(id_: str) -> Call[Concern]:
    """One table, and whom of the fleet it concerns."""
    return get(address("errata", id_))
