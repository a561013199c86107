"""What may share a list, on the wire."""

from pydantic import Field

from app.api.models.common import FleetRevision, ImplementationOut, Out, named
from app.domain.cpu.cpu_names import CpuNames
from app.domain.fleet.host import HostState
from app.domain.planning.compatibility import Compatibility, Group
from app.domain.planning.hazards import ForbiddenPair, added_errata
from app.domain.reference.errata import ErrataTables


class PooledOut(ImplementationOut):
    errata: list[str] = Field(description="Entries that a guest applies because of it.")


class GroupOut(Out):
    """Implementations that may all share one list."""

    implementations: list[ImplementationOut]
    hosts: dict[HostState, int]

    @classmethod
    def from_domain(cls, group: Group, names: CpuNames) -> "GroupOut":
        return cls(
            implementations=named(group.implementations, names), hosts={each: group.hosts[each] for each in HostState}
        )


class PairOut(Out):
    """Two implementations, by their index, that may not share a list."""

    a: int
    b: int
    share: bool
    forbidden_by: list[str]
    a_adds: list[str] = Field(description="Entries that a brings to a guest made for b.")
    b_adds: list[str] = Field(description="Entries that b brings to a guest made for a.")

    @classmethod
    def from_domain(cls, pair: ForbiddenPair, found: Compatibility, tables: ErrataTables) -> "PairOut":
        a, b = found.implementations[pair.a], found.implementations[pair.b]
        return cls(
            a=pair.a,
            b=pair.b,
            share=False,
            forbidden_by=list(pair.forbidden_by),
            a_adds=list(added_errata(tables, b, a)),
            b_adds=list(added_errata(tables, a, b)),
        )


class CompatibilityOut(Out):
    """Which implementations of the fleet may share a list; `pairs` has only those that may not."""

    fleet_revision: FleetRevision
    tables: str
    implementations: list[PooledOut]
    groups: list[GroupOut]
    pairs: list[PairOut]

    @classmethod
    def from_domain(cls, found: Compatibility, tables: ErrataTables, names: CpuNames) -> "CompatibilityOut":
        return cls(
            fleet_revision=found.fleet_revision,
            tables=tables.version,
            implementations=[
                PooledOut(**each._asdict(), name=names.name(each), errata=[e.id for e in tables.affecting(each)])
                for each in found.implementations
            ],
            groups=[GroupOut.from_domain(group, names) for group in found.groups],
            pairs=[PairOut.from_domain(pair, found, tables) for pair in found.pairs],
        )
