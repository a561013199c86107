"""What a guest makes of a list: what it works around, what it takes for safe, and how sure that is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from app.domain.cpu.implementation import Implementation
from app.domain.cpu.registers import format_register
from app.domain.reference.errata import ErrataTables, ErratumEntry, TableRule, earliest
from app.domain.reference.kernels import Behaviour, KernelBehaviours, KernelVersion


@dataclass(frozen=True, slots=True)
class Applied:
    """An `any_affected` entry that the list switches on, as far as identity decides."""

    entry: ErratumEntry
    implementations: tuple[Implementation, ...]
    """Those that cause it, in order of the list."""
    only_other_hosts: bool | None
    """Whether no implementation of the boot host needs it; None where no boot host is known."""


@dataclass(frozen=True, slots=True)
class BelievedSafe:
    """An `any_safe` entry of which the list has a member, so that the guest takes the whole list for safe."""

    entry: ErratumEntry
    implementations: tuple[Implementation, ...]
    not_safe: tuple[Implementation, ...]
    """Those that the guest wrongly takes for safe, or capable."""

    @property
    def since(self) -> KernelVersion | None:
        """The first kernel that takes one of them for safe; None where that is not known."""
        return earliest(map(self.entry.listed_since, self.implementations))

    @property
    def hazard(self) -> bool:
        """Whether the others lose protection by it (rule 12)."""
        return self.entry.weakens and bool(self.not_safe)


class NoteCode(StrEnum):
    """Why the answer differs from that for the newest kernel, or is less sure."""

    HYPERCALLS_HIDDEN = "hypercalls_hidden"
    NO_DISCOVERY = "no_discovery"
    REVIDR_IGNORED = "revidr_ignored"
    REVIDR_UNSURE = "revidr_unsure"
    NOT_YET_LISTED = "not_yet_listed"
    OLDER_THAN_TABLES = "older_than_tables"
    NEWER_THAN_TABLES = "newer_than_tables"


@dataclass(frozen=True, slots=True)
class Note:
    code: NoteCode
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """In order of the tables; what depends on more than identity is possible, not certain."""

    kernel: KernelVersion
    tables: str
    applies: tuple[Applied, ...]
    believes_safe: tuple[BelievedSafe, ...]
    notes: tuple[Note, ...]

    @property
    def hazards(self) -> tuple[str, ...]:
        return tuple(sorted(believed.entry.id for believed in self.believes_safe if believed.hazard))


@dataclass(frozen=True, slots=True)
class _Guest:
    """How one kernel looks at a list."""

    kernel: KernelVersion
    behaviours: frozenset[Behaviour]
    hypercalls_hidden: bool

    @property
    def told(self) -> bool:
        return Behaviour.DISCOVERY in self.behaviours and not self.hypercalls_hidden

    @property
    def ignores_revidr(self) -> bool:
        """Of a list. Without one these kernels read the register, and compare it rightly."""
        return self.told and Behaviour.REVIDR_IGNORED in self.behaviours

    def sees(self, implementations: Sequence[Implementation]) -> tuple[Implementation, ...]:
        """Without a list, what the vCPUs present: the first."""
        distinct = tuple(dict.fromkeys(implementations))
        return distinct if self.told else distinct[:1]

    def matches(self, entry: ErratumEntry, implementation: Implementation) -> bool:
        if self.ignores_revidr:
            return entry.covers(implementation.midr, self.kernel)
        return entry.counts(implementation, self.kernel)


def effects(
    tables: ErrataTables,
    kernels: KernelBehaviours,
    implementations: Sequence[Implementation],
    boot_host: Sequence[Implementation] | None = None,
    kernel: KernelVersion | None = None,
    *,
    hypercalls_hidden: bool = False,
) -> Effects:
    """What a guest decides that boots with this list.

    `boot_host` are the implementations of the host it boots on, or of the CPUs it is pinned to there;
    `kernel` defaults to the series of the tables; `hypercalls_hidden` says that the boot is homogeneous.
    """
    version = tables.linux.series if kernel is None else kernel
    guest = _Guest(version, kernels.of(version), hypercalls_hidden)
    seen = guest.sees(implementations)
    applies: list[Applied] = []
    believes_safe: list[BelievedSafe] = []
    for entry, members in _matching(tables, guest, seen):
        match entry.rule:
            case TableRule.ANY_AFFECTED:
                applies.append(Applied(entry, members, _only_others(guest, entry, boot_host)))
            case TableRule.ANY_SAFE:
                believes_safe.append(BelievedSafe(entry, members, _without(seen, members)))
            case _:
                assert_never(entry.rule)
    notes = tuple(_notes(tables, kernels, guest, seen, applies))
    return Effects(
        kernel=version, tables=tables.version, applies=tuple(applies), believes_safe=tuple(believes_safe), notes=notes
    )


def _matching(
    tables: ErrataTables, guest: _Guest, seen: Sequence[Implementation]
) -> Iterator[tuple[ErratumEntry, tuple[Implementation, ...]]]:
    """The entries that are matched at all, in order of the tables, with those that match."""
    members: dict[str, list[Implementation]] = {}
    for implementation in seen:
        for entry in tables.naming(implementation.midr):
            if guest.matches(entry, implementation):
                members.setdefault(entry.id, []).append(implementation)
    return ((entry, tuple(members[entry.id])) for entry in tables.entries if entry.id in members)


def _only_others(guest: _Guest, entry: ErratumEntry, boot_host: Sequence[Implementation] | None) -> bool | None:
    return None if boot_host is None else not any(guest.matches(entry, own) for own in boot_host)


def _without(
    implementations: Sequence[Implementation], members: Sequence[Implementation]
) -> tuple[Implementation, ...]:
    leaving = set(members)
    return tuple(each for each in implementations if each not in leaving)


def _notes(
    tables: ErrataTables,
    kernels: KernelBehaviours,
    guest: _Guest,
    seen: Sequence[Implementation],
    applies: Sequence[Applied],
) -> Iterator[Note]:
    """All that hold. Those on discovery and REVIDR exclude each other."""
    if not guest.told:
        yield _untold(guest)
    elif guest.ignores_revidr:
        yield _revidr_ignored(kernels, applies)
    elif Behaviour.REVIDR_UNSURE in guest.behaviours and len(seen) > 1:
        title = kernels.about(Behaviour.REVIDR_UNSURE).title
        yield Note(NoteCode.REVIDR_UNSURE, f"{title}; this answer takes REVIDR as honoured")
    yield from _not_yet_listed(tables, guest, seen)
    # Compared by series: which update of a series brought an entry is not known.
    if guest.kernel.series != tables.linux.series:
        yield _other_kernel(tables, guest.kernel)


def _untold(guest: _Guest) -> Note:
    if Behaviour.DISCOVERY in guest.behaviours:
        why = "the VMM hides the hypercalls, so the guest is told of no list"
        return Note(NoteCode.HYPERCALLS_HIDDEN, f"{why}: only the first implementation counts")
    why = f"mainline Linux {guest.kernel} does not ask for the list"
    return Note(NoteCode.NO_DISCOVERY, f"{why}: it sees what its vCPUs present, so only the first counts")


def _revidr_ignored(kernels: KernelBehaviours, applies: Sequence[Applied]) -> Note:
    needless = [each.entry.id for each in applies if not any(map(each.entry.counts, each.implementations))]
    outcome = f"applying for that reason alone: {', '.join(needless) or 'none'}"
    return Note(NoteCode.REVIDR_IGNORED, f"{kernels.about(Behaviour.REVIDR_IGNORED).title}; {outcome}")


def _not_yet_listed(tables: ErrataTables, guest: _Guest, seen: Sequence[Implementation]) -> Iterator[Note]:
    """What the guest will decide otherwise once it is updated, which a reboot inside its VM is enough for."""
    for each in seen:
        for entry in tables.naming(each.midr):
            if entry.counts(each) and not entry.covers(each.midr, guest.kernel):
                listed = f"{entry.id} has {format_register(each.midr)} since Linux {entry.listed_since(each)}"
                detail = f"{listed}; a guest that is updated inside its VM reads the same list, and counts it then"
                yield Note(NoteCode.NOT_YET_LISTED, detail)


def _other_kernel(tables: ErrataTables, kernel: KernelVersion) -> Note:
    older = kernel < tables.linux
    code = NoteCode.OLDER_THAN_TABLES if older else NoteCode.NEWER_THAN_TABLES
    advice = "older, and may know less" if older else "newer, and may know more"
    return Note(code, f"these are the tables of {tables.version}; Linux {kernel} is {advice}")
