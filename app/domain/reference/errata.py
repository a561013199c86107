"""What a guest kernel decides from CPU identities: its workarounds, mitigations and features, as tables.

Matching is that of `midr_is_cpu_model_range` (arch/arm64/include/asm/cputype.h) and `is_affected_midr_range`
(arch/arm64/kernel/cpu_errata.c): 32 bits of MIDR_EL1 and REVIDR_EL1, and AIDR_EL1 not at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from typing_extensions import override

from app.domain.cpu.implementation import Implementation
from app.domain.reference.kernels import KernelVersion

_FEATURES_IN_ID_REGISTERS: Final = 0xF
"""MIDR_EL1.Architecture of every CPU that the tables can name."""

_MODEL: Final = 0xFF0F_FFF0
"""The bits of MIDR_EL1 that name a model: implementer, architecture, part number."""

_COMPARED: Final = 0xFFFF_FFFF
"""The bits of a register that the guest compares."""


class TableRule(StrEnum):
    """How an entry is decided for a list: both kinds ask whether *any* implementation is in the table."""

    ANY_AFFECTED = "any_affected"
    """A deny list: one member switches the workaround on, or the feature off. More members do no harm."""
    ANY_SAFE = "any_safe"
    """An allow list: one member makes the guest take every listed implementation for safe, or capable."""


class Kind(StrEnum):
    """What an entry is about."""

    ERRATUM = "erratum"
    VULNERABILITY = "vulnerability"
    FEATURE = "feature"


class LogWhen(StrEnum):
    """When a guest prints the log line of an entry."""

    APPLIES = "applies"
    BELIEVED_SAFE = "believed_safe"
    NOT_BELIEVED_SAFE = "not_believed_safe"


class Revision(NamedTuple):
    """`rNpM`. Compares as a pair, variant first: r2p15 lies between r0p0 and r3p1."""

    variant: int
    revision: int

    @classmethod
    def of(cls, midr: int) -> "Revision":
        return cls(midr >> 20 & 0xF, midr & 0xF)

    @override
    def __str__(self) -> str:
        return f"r{self.variant}p{self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRange:
    """The revisions `first` to `last`, both included, of one model."""

    implementer: int
    part: int
    first: Revision
    last: Revision
    config: tuple[str, ...] = ()
    """Kernel options that can build this range out; any of them is enough to have it."""
    part_mask: int = 0xFFF
    """The bits of the part number that count. All of them, but in ranges for the vCPU's own MIDR."""
    since: KernelVersion | None = None
    """The first mainline kernel whose table has this range; None where that is not known."""

    @property
    def model(self) -> int:
        """The bits of MIDR_EL1 that all revisions of the model share."""
        return self.implementer << 24 | _FEATURES_IN_ID_REGISTERS << 16 | self.part << 4

    def covers(self, midr: int) -> bool:
        return (
            midr >> 4 & self.part_mask == self.part
            and midr >> 24 & 0xFF == self.implementer
            and midr >> 16 & 0xF == _FEATURES_IN_ID_REGISTERS
            and self.first <= Revision.of(midr) <= self.last
        )

    def known_to(self, kernel: KernelVersion | None) -> bool:
        """Whether the table of this kernel may have it already; None stands for the newest."""
        return kernel is None or self.since is None or self.since <= kernel


@dataclass(frozen=True, slots=True)
class FixedRevision:
    """A revision of which some CPUs are mended, and say so by a bit of REVIDR_EL1."""

    implementer: int
    part: int
    revision: Revision
    revidr_bit: int

    @property
    def midr(self) -> int:
        """All bits of MIDR_EL1 that are compared."""
        model = self.implementer << 24 | _FEATURES_IN_ID_REGISTERS << 16 | self.part << 4
        return model | self.revision.variant << 20 | self.revision.revision

    def names(self, implementation: Implementation) -> bool:
        mended = bool(implementation.revidr >> self.revidr_bit & 1)
        return mended and implementation.midr & _COMPARED == self.midr


@dataclass(frozen=True, slots=True, kw_only=True)
class ErratumEntry:
    """One decision of the guest."""

    id: str
    """Name of the kernel's capability; `SPECTRE_BHB_LOOP_K…` only set the length of a loop."""
    title: str
    kind: Kind
    rule: TableRule
    ranges: tuple[ModelRange, ...]
    fixed: tuple[FixedRevision, ...]
    log: str | None
    """What the guest prints after `CPU features: detected: `, at the time `log_when` says."""
    log_when: LogWhen | None
    depends_also_on: str | None
    """What else decides beside identity, in words."""
    el2_only: bool
    """Whether it cannot matter to a guest that does not run at EL2. Guests here do not."""
    config: tuple[str, ...]
    """Kernel options that can build it out."""
    config_off_ranges: tuple[ModelRange, ...]
    """Further ranges, only in kernels built with options that are off by default. Never matched here."""
    vcpu_ranges: tuple[ModelRange, ...]
    """Matched by the guest against the MIDR its vCPU presents, never against a list. Never matched here."""
    loop: int | None
    """Branches of the loop that clears the branch history."""
    source: str
    """The kernel file."""

    @property
    def decided_by_identity_alone(self) -> bool:
        return self.depends_also_on is None

    @property
    def weakens(self) -> bool:
        """Whether one member on a list takes protection from the others (rule 12)."""
        return self.rule is TableRule.ANY_SAFE and not self.el2_only

    @property
    def since(self) -> KernelVersion | None:
        """The first kernel whose table has any range; None where that is not known."""
        return earliest(each.since for each in self.ranges)

    def listed_since(self, implementation: Implementation) -> KernelVersion | None:
        """The first kernel whose table has this implementation; None where that is not known."""
        return earliest(each.since for each in self.ranges if each.covers(implementation.midr))

    def covers(self, midr: int, kernel: KernelVersion | None = None) -> bool:
        """Whether the table has the MIDR, fixed or not: all that a kernel sees which ignores REVIDR."""
        return any(each.covers(midr) and each.known_to(kernel) for each in self.ranges)

    def counts(self, implementation: Implementation, kernel: KernelVersion | None = None) -> bool:
        """Whether the implementation is in the table, by default the newest, and not a fixed one."""
        mended = any(each.names(implementation) for each in self.fixed)
        return not mended and self.covers(implementation.midr, kernel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Omission:
    """Something beside the tables that looks like an entry and is none."""

    id: str
    reason: str
    log: str | None
    ranges: tuple[ModelRange, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrataTables:
    """The tables of one kernel, in order of the file. Ids are distinct."""

    linux: KernelVersion
    entries: tuple[ErratumEntry, ...]
    omissions: tuple[Omission, ...] = ()
    _by_id: Mapping[str, ErratumEntry] = field(init=False, repr=False, compare=False)
    _by_model: Mapping[int, tuple[ErratumEntry, ...]] = field(init=False, repr=False, compare=False)
    _weakening: Mapping[int, tuple[ErratumEntry, ...]] = field(init=False, repr=False, compare=False)
    """By model, those alone that weaken: they are asked for each implementation of each boot."""
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {entry.id: entry for entry in self.entries})
        object.__setattr__(self, "_by_model", _index(self.entries))
        object.__setattr__(self, "_weakening", _index(entry for entry in self.entries if entry.weakens))
        object.__setattr__(self, "_hash", hash((self.linux, self.entries, self.omissions)))

    @override
    def __hash__(self) -> int:
        # Plans are remembered by the tables that they were made with.
        return self._hash

    @property
    def version(self) -> str:
        """For example `linux 7.3.4`."""
        return f"linux {self.linux}"

    @property
    def hazard_tables(self) -> frozenset[str]:
        """Ids of the tables by which a list can weaken the guest: what a placement may accept."""
        return frozenset(entry.id for entry in self.entries if entry.weakens)

    def entry(self, erratum: str) -> ErratumEntry | None:
        return self._by_id.get(erratum)

    def naming(self, midr: int) -> tuple[ErratumEntry, ...]:
        """The entries that have a range for the model of this MIDR, whatever its revision."""
        return self._by_model.get(midr & _MODEL, ())

    def affecting(self, implementation: Implementation) -> tuple[ErratumEntry, ...]:
        """The `any_affected` entries that the implementation alone switches on."""
        entries = self.naming(implementation.midr)
        return tuple(e for e in entries if e.rule is TableRule.ANY_AFFECTED and e.counts(implementation))

    def safe_in(self, implementation: Implementation) -> frozenset[str]:
        """Ids of those `hazard_tables` that the implementation is in."""
        entries = self._weakening.get(implementation.midr & _MODEL, ())
        return frozenset(entry.id for entry in entries if entry.counts(implementation))


def earliest(kernels: Iterable[KernelVersion | None]) -> KernelVersion | None:
    """None where one of them is not known, for that may be the earliest."""
    found = list(kernels)
    known = [kernel for kernel in found if kernel is not None]
    return min(known) if known and len(known) == len(found) else None


def _index(entries: Iterable[ErratumEntry]) -> Mapping[int, tuple[ErratumEntry, ...]]:
    by_model: dict[int, tuple[ErratumEntry, ...]] = {}
    for entry in entries:
        for model in {each.model for each in entry.ranges}:
            by_model[model] = (*by_model.get(model, ()), entry)
    return by_model
