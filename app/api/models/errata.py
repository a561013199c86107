"""The tables on the wire."""

from typing import Any, Final

from pydantic import Field

from app.api.models.common import FleetRevision, ImplementationOut, NextCursor, Out, named
from app.domain.cpu.cpu_names import CpuNames
from app.domain.fleet.host import HostState
from app.domain.planning.concern import Concern
from app.domain.reference.errata import ErratumEntry, FixedRevision, Kind, LogWhen, ModelRange, TableRule
from app.domain.reference.kernels import KernelVersion

CONFIG: Final = (
    "Kernel options that can build it out. A guest that was built without them does not decide so,"
    " whatever its CPUs are; the list cannot tell."
)
IDENTITY_ALONE: Final = "In a kernel that has the options of `config`; elsewhere no CPU decides it."


def version(kernel: KernelVersion | None) -> str | None:
    return None if kernel is None else str(kernel)


class RangeOut(Out):
    implementer: str = Field(examples=["0x41"])
    part: str = Field(examples=["0xd0c"])
    min: str = Field(examples=["r0p0"])
    max: str = Field(examples=["r3p1"])
    config: list[str] = Field(description="Kernel options of this range alone; any of them is enough to have it.")
    since: str | None = Field(
        description="The first mainline kernel that has it; null where that is not known.", examples=["7.3"]
    )

    @classmethod
    def from_domain(cls, each: ModelRange) -> "RangeOut":
        return cls(
            implementer=f"{each.implementer:#04x}",
            part=f"{each.part:#05x}",
            min=str(each.first),
            max=str(each.last),
            config=list(each.config),
            since=version(each.since),
        )


class FixedOut(Out):
    """A revision of which some CPUs are mended, and say so by a bit of REVIDR_EL1."""

    implementer: str
    part: str
    variant_revision: str
    revidr_bit: int

    @classmethod
    def from_domain(cls, fix: FixedRevision) -> "FixedOut":
        return cls(
            implementer=f"{fix.implementer:#04x}",
            part=f"{fix.part:#05x}",
            variant_revision=str(fix.revision),
            revidr_bit=fix.revidr_bit,
        )


class ErratumOut(Out):
    """An entry of the tables."""

    id: str
    title: str
    class_: Kind = Field(serialization_alias="class")
    rule: TableRule = Field(description="Both kinds ask whether any listed implementation is in the table.")
    hazard_table: bool = Field(description="A list that mixes members and others weakens the guest.")
    el2_only: bool
    log: str | None
    log_when: LogWhen | None
    ranges: list[RangeOut]
    fixed: list[FixedOut]
    decided_by_identity_alone: bool = Field(description=IDENTITY_ALONE)
    depends_also_on: str | None
    config: list[str] = Field(description=CONFIG, examples=[["CONFIG_ARM64_ERRATUM_1418040"]])
    since: str | None = Field(
        description="The first mainline kernel that has any of the ranges; null where that is not known.",
        examples=["6.17"],
    )
    source: str

    @classmethod
    def from_domain(cls, entry: ErratumEntry) -> "ErratumOut":
        return cls(**_entry(entry))


def _entry(entry: ErratumEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "title": entry.title,
        "class_": entry.kind,
        "rule": entry.rule,
        "hazard_table": entry.weakens,
        "el2_only": entry.el2_only,
        "log": entry.log,
        "log_when": entry.log_when,
        "ranges": [RangeOut.from_domain(each) for each in entry.ranges],
        "fixed": [FixedOut.from_domain(each) for each in entry.fixed],
        "decided_by_identity_alone": entry.decided_by_identity_alone,
        "depends_also_on": entry.depends_also_on,
        "config": list(entry.config),
        "since": version(entry.since),
        "source": entry.source,
    }


class ErrataOut(Out):
    tables: str = Field(description="The version that is loaded.", examples=["linux 7.3.4"])
    items: list[ErratumOut]
    next_cursor: NextCursor


class ConcernOut(ErratumOut):
    """An entry with those of the fleet that it counts."""

    tables: str
    fleet_revision: FleetRevision
    implementations: list[ImplementationOut]
    hosts: dict[HostState, int]

    @classmethod
    def from_concern(cls, concern: Concern, tables: str, names: CpuNames) -> "ConcernOut":
        return cls(
            **_entry(concern.entry),
            tables=tables,
            fleet_revision=concern.fleet_revision,
            implementations=named(concern.implementations, names),
            hosts={state: concern.hosts[state] for state in HostState},
        )
