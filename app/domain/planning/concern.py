"""Whom of a fleet an entry of the tables concerns."""

from collections import Counter
from dataclasses import dataclass

from app.domain.cpu.implementation import Implementation
from app.domain.fleet.catalogue import by_state, with_any_of
from app.domain.fleet.fleet import Fleet
from app.domain.fleet.host import HostState
from app.domain.reference.errata import ErratumEntry


@dataclass(frozen=True, slots=True)
class Concern:
    """An entry of the tables, with those of the fleet that it counts."""

    entry: ErratumEntry
    fleet_revision: int
    implementations: tuple[Implementation, ...]
    """Ascending."""
    hosts: Counter[HostState]
    """Hosts that have any of them."""


def concern(fleet: Fleet, entry: ErratumEntry) -> Concern:
    counted = {each for each in fleet.implementations() if entry.counts(each)}
    return Concern(entry, fleet.revision, tuple(sorted(counted)), by_state(fleet, with_any_of(fleet, counted)))
