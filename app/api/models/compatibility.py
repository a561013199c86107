"""What may share a list, on the wire."""

from typing import Any

import orjson
from pydantic import Field

from app.api.models.common import FleetRevision, ImplementationOut, NextCursor, Out
from app.api.paging import encode_cursor
from app.domain.cpu.cpu_names import CpuNames
from app.domain.cpu.implementation import Implementation
from app.domain.cpu.registers import format_register
from app.domain.fleet.host import HostState
from app.domain.planning.compatibility import Compatibility
from app.domain.planning.hazards import ForbiddenPair
from app.domain.reference.reference_data import ReferenceData


class PooledOut(ImplementationOut):
    errata: list[str] = Field(description="Entries that a guest applies because of it.")


class GroupOut(Out):
    """Implementations that may all share one list."""

    implementations: list[ImplementationOut]
    hosts: dict[HostState, int]


class GroupPairOut(Out):
    """Two groups, by their index, with the tables that keep their members off one list."""

    a: int
    b: int
    forbidden_by: list[str]


class PairOut(Out):
    """Two implementations, by their index, that may not share a list."""

    a: int
    b: int
    share: bool
    forbidden_by: list[str]
    a_adds: list[str] = Field(description="Entries that a brings to a guest made for b.")
    b_adds: list[str] = Field(description="Entries that b brings to a guest made for a.")


class CompatibilityOut(Out):
    """Which implementations of the fleet may share a list; `pairs` has only those that may not."""

    fleet_revision: FleetRevision
    tables: str
    implementations: list[PooledOut]
    groups: list[GroupOut]
    between_groups: list[GroupPairOut]
    pairs: list[PairOut] = Field(description="Ascending by a and b.")
    next_cursor: NextCursor


def compatibility_document(found: Compatibility, reference: ReferenceData) -> bytes:
    """The answer, as `CompatibilityOut` describes it. Ten thousand pairs a page: models would take most of the time."""
    names = reference.names
    return orjson.dumps(
        {
            "fleet_revision": found.fleet_revision,
            "tables": reference.tables.version,
            "implementations": [
                {**_named(each.implementation, names), "errata": each.errata} for each in found.implementations
            ],
            "groups": [
                {
                    "implementations": [_named(each, names) for each in group.implementations],
                    "hosts": {state.value: group.hosts[state] for state in HostState},
                }
                for group in found.groups
            ],
            "between_groups": [pair._asdict() for pair in found.between_groups],
            "pairs": [_pair(found, pair) for pair in found.pairs.items],
            "next_cursor": encode_cursor(found.pairs.next_after),
        }
    )


def _named(implementation: Implementation, names: CpuNames) -> dict[str, str]:
    registers = {register: format_register(value) for register, value in implementation._asdict().items()}
    return {**registers, "name": names.name(implementation)}


def _pair(found: Compatibility, pair: ForbiddenPair) -> dict[str, Any]:
    a, b = found.implementations[pair.a], found.implementations[pair.b]
    return {**pair._asdict(), "share": False, "a_adds": a.added(b), "b_adds": b.added(a)}
