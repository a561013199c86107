"""What a list does to a guest, the tables that say so, and what may share a list, on the wire."""

from typing import Any

from pydantic import Field

from app.api.schemas.common import (
    DigestOut,
    FleetRevision,
    ImplementationOut,
    NextCursor,
    Out,
)
from app.domain.compatibility import Compatibility, Group
from app.domain.cpu_names import CpuNames
from app.domain.effects import Applied, BelievedSafe, Effects, NoteCode
from app.domain.errata import ErrataTables, ErratumEntry, FixedRevision, Kind, LogWhen, ModelRange, Rule
from app.domain.hazards import ForbiddenPair, added_errata
from app.domain.host import HostState
from app.domain.implementation import Implementation
from app.services.effects import Concern


def _named(implementations: tuple[Implementation, ...], names: CpuNames) -> list[ImplementationOut]:
    return [ImplementationOut.from_domain(each, names) for each in implementations]


class AppliedOut(Out):
    """A workaround, mitigation or withheld feature that the list switches on."""

    id: str = Field(examples=["ARM64_WORKAROUND_1418040"])
    class_: Kind = Field(serialization_alias="class")
    title: str
    log: str | None = Field(description="What the guest prints after `CPU features: detected: `.")
    implementations: list[ImplementationOut] = Field(description="Those on the list that cause it.")
    decided_by_identity_alone: bool
    depends_also_on: str | None = Field(description="What else decides; then it is possible, not certain.")
    only_other_hosts: bool | None = Field(
        description="No implementation of the boot host causes it: other hosts of the placement do. null by digest."
    )

    @classmethod
    def from_domain(cls, applied: Applied, names: CpuNames) -> "AppliedOut":
        entry = applied.entry
        return cls(
            id=entry.id,
            class_=entry.kind,
            title=entry.title,
            log=entry.log,
            implementations=_named(applied.implementations, names),
            decided_by_identity_alone=entry.decided_by_identity_alone,
            depends_also_on=entry.depends_also_on,
            only_other_hosts=applied.only_other_hosts,
        )


class BelievedSafeOut(Out):
    """A table of safe or capable parts with a member on the list: the guest takes every listed CPU for one."""

    id: str = Field(examples=["ARM64_SPECTRE_BHB"])
    title: str
    implementations: list[ImplementationOut] = Field(description="Those that are in the table.")
    not_safe: list[ImplementationOut] = Field(description="Those that are not, and are taken for safe all the same.")
    hazard: bool

    @classmethod
    def from_domain(cls, believed: BelievedSafe, names: CpuNames) -> "BelievedSafeOut":
        return cls(
            id=believed.entry.id,
            title=believed.entry.title,
            implementations=_named(believed.implementations, names),
            not_safe=_named(believed.not_safe, names),
            hazard=believed.hazard,
        )


class NoteOut(Out):
    code: NoteCode
    detail: str


class EffectsOut(Out):
    """What a guest decides that is told of this list."""

    digest: DigestOut
    kernel: str = Field(description="The guest kernel the answer is for.", examples=["7.3"])
    tables: str = Field(description="Whose tables these are.", examples=["linux 7.3.4"])
    applies: list[AppliedOut]
    believes_safe: list[BelievedSafeOut]
    hazards: list[str] = Field(description="Tables by which the list weakens the guest.")
    notes: list[NoteOut]

    @classmethod
    def from_domain(cls, digest: str, effects: Effects, names: CpuNames) -> "EffectsOut":
        return cls(
            digest=digest,
            kernel=str(effects.kernel),
            tables=effects.tables,
            applies=[AppliedOut.from_domain(each, names) for each in effects.applies],
            believes_safe=[BelievedSafeOut.from_domain(each, names) for each in effects.believes_safe],
            hazards=list(effects.hazards),
            notes=[NoteOut(code=note.code, detail=note.detail) for note in effects.notes],
        )


class RangeOut(Out):
    implementer: str = Field(examples=["0x41"])
    part: str = Field(examples=["0xd0c"])
    min: str = Field(examples=["r0p0"])
    max: str = Field(examples=["r3p1"])

    @classmethod
    def from_domain(cls, each: ModelRange) -> "RangeOut":
        return cls(
            implementer=f"{each.implementer:#04x}", part=f"{each.part:#05x}", min=str(each.first), max=str(each.last)
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
    rule: Rule = Field(description="Both kinds ask whether any listed implementation is in the table.")
    hazard_table: bool = Field(description="A list that mixes members and others weakens the guest.")
    el2_only: bool
    log: str | None
    log_when: LogWhen | None
    ranges: list[RangeOut]
    fixed: list[FixedOut]
    decided_by_identity_alone: bool
    depends_also_on: str | None
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
            implementations=_named(concern.implementations, names),
            hosts={state: concern.hosts[state] for state in HostState},
        )


class PooledOut(ImplementationOut):
    errata: list[str] = Field(description="Entries that a guest applies because of it.")


class GroupOut(Out):
    """Implementations that may all share one list."""

    implementations: list[ImplementationOut]
    hosts: dict[HostState, int]

    @classmethod
    def from_domain(cls, group: Group, names: CpuNames) -> "GroupOut":
        return cls(
            implementations=_named(group.implementations, names), hosts={each: group.hosts[each] for each in HostState}
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
