"""What a list does to a guest, on the wire."""

from pydantic import Field

from app.api.models.common import DigestOut, ImplementationOut, Out, named
from app.api.models.errata import CONFIG, IDENTITY_ALONE, version
from app.domain.cpu.cpu_names import CpuNames
from app.domain.guest.effects import Applied, BelievedSafe, Effects, NoteCode
from app.domain.reference.errata import Kind


class AppliedOut(Out):
    """A workaround, mitigation or withheld feature that the list switches on."""

    id: str = Field(examples=["ARM64_WORKAROUND_1418040"])
    class_: Kind = Field(serialization_alias="class")
    title: str
    log: str | None = Field(description="What the guest prints after `CPU features: detected: `.")
    implementations: list[ImplementationOut] = Field(description="Those on the list that cause it.")
    decided_by_identity_alone: bool = Field(description=IDENTITY_ALONE)
    depends_also_on: str | None = Field(description="What else decides; then it is possible, not certain.")
    config: list[str] = Field(description=CONFIG, examples=[["CONFIG_ARM64_ERRATUM_1418040"]])
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
            implementations=named(applied.implementations, names),
            decided_by_identity_alone=entry.decided_by_identity_alone,
            depends_also_on=entry.depends_also_on,
            config=list(entry.config),
            only_other_hosts=applied.only_other_hosts,
        )


class BelievedSafeOut(Out):
    """A table of safe or capable parts with a member on the list: the guest takes every listed CPU for one."""

    id: str = Field(examples=["ARM64_SPECTRE_BHB"])
    title: str
    implementations: list[ImplementationOut] = Field(description="Those that are in the table.")
    not_safe: list[ImplementationOut] = Field(description="Those that are not, and are taken for safe all the same.")
    hazard: bool
    config: list[str] = Field(description=CONFIG, examples=[["CONFIG_UNMAP_KERNEL_AT_EL0"]])
    since: str | None = Field(
        description="The first mainline kernel that counts one of them; null where that is not known.",
        examples=["7.3"],
    )

    @classmethod
    def from_domain(cls, believed: BelievedSafe, names: CpuNames) -> "BelievedSafeOut":
        return cls(
            id=believed.entry.id,
            title=believed.entry.title,
            implementations=named(believed.implementations, names),
            not_safe=named(believed.not_safe, names),
            hazard=believed.hazard,
            config=list(believed.entry.config),
            since=version(believed.since),
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
