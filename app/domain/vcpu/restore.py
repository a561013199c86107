"""Does KVM of a host take the vCPU of a VM? Every difference, never the first alone (rule 15)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from app.domain.vcpu import registers as ids
from app.domain.vcpu import rules
from app.domain.vcpu.id_registers import IdRegisters
from app.domain.vcpu.rules import Difference, Kind, Way
from app.domain.vcpu.values import Hardware, Host, refusals
from app.domain.vcpu.view import State, View

_NOTHING: Final = Hardware()


@dataclass(frozen=True)
class Restore:
    """What came of it."""

    differences: tuple[Difference, ...]

    @property
    def succeeds(self) -> bool:
        return all(each.kind is Kind.SILENT_CHANGE for each in self.differences)

    @property
    def missing(self) -> frozenset[int]:
        return self._registers(Kind.REGISTER_MISSING)

    @property
    def refused(self) -> frozenset[int]:
        return self._registers(Kind.REGISTER_REFUSED)

    def _registers(self, kind: Kind) -> frozenset[int]:
        return frozenset(each.register for each in self.differences if each.kind is kind and each.register is not None)


@dataclass(frozen=True, slots=True)
class Restorer:
    """The rules, with the tables that they need."""

    table: IdRegisters
    hardware: Hardware = _NOTHING

    def restore(self, state: State, view: View, way: Way, *, sets_identity: bool = False) -> Restore:
        """`sets_identity`: the VMM makes use of KVM_CAP_ARM_WRITABLE_IMP_ID_REGS."""
        shown = view.with_features(state.features)
        host = Host(shown, self.table, self.hardware, sets_identity)
        return Restore((*_setup(state, view), *_registers(host, state, way), *_silent(state, shown)))


def _setup(state: State, view: View) -> Iterator[Difference]:
    for feature in sorted(state.features - view.features):
        yield Difference(rule=rules.VCPU_FEATURE, name=feature, why="")
    longest = max(state.vector_lengths, default=0)
    if state.vector_lengths != tuple(length for length in view.vector_lengths if length <= longest):
        yield Difference(
            rule=rules.SVE_LENGTHS,
            name="SVE vector lengths",
            vm=_listed(state.vector_lengths),
            host=_listed(view.vector_lengths),
            why="lengths can be taken away from the longest down only",
        )


def _listed(lengths: tuple[int, ...]) -> str:
    return ", ".join(map(str, lengths)) or "none"


def _registers(host: Host, state: State, way: Way) -> Iterator[Difference]:
    refused: set[int] = set()
    for register in sorted({*state.registers, *host.view.registers}):
        if register not in host.view.registers:
            yield Difference(rule=rules.REGISTER_LIST, register=register, name=_name(host, register), why="")
            continue
        found = refusals(host, state, register)
        if found:
            refused.add(register)
        yield from found
    yield from _vanished(host, state, way, refused)


def _name(host: Host, register: int) -> str:
    row = host.table.by_id.get(register)
    return row.name if row else ids.name_of(register)


_SHOWN_BY: Final[Mapping[int, tuple[int, int]]] = {
    ids.system(0xC083): (ids.MMFR3, 4),
    ids.system(0xC103): (ids.MMFR3, 0),
    ids.system(0xC512): (ids.MMFR3, 8),
    ids.system(0xC513): (ids.MMFR3, 8),
    ids.system(0xC514): (ids.MMFR3, 16),
    ids.system(0xDA22): (ids.PFR2, 32),
    ids.system(0xDD14): (ids.MMFR3, 16),
}
"""Registers that a vCPU has only with a feature: the ID register and the bit where its field begins."""

_ALWAYS_LISTED: Final = frozenset(map(ids.system, (0xC103, 0xC512, 0xC513)))
"""By kernels before 6.13."""


def conditional(view: View) -> Mapping[int, tuple[int, int]]:
    """Registers that are there on this host only while a VM has the feature."""
    return {
        register: field
        for register, field in _SHOWN_BY.items()
        if register in view.registers and (view.hides_registers or register not in _ALWAYS_LISTED)
    }


def _vanished(host: Host, state: State, way: Way, refused: set[int]) -> Iterator[Difference]:
    """What the host lists, and no longer has once the VM's ID registers are written (F10)."""
    for register, (shown_by, shift) in conditional(host.view).items():
        written = way is Way.ALL_REGISTERS or register in state.registers
        settled = state if shown_by in state.registers and shown_by not in refused else host.view
        if written and not settled.value(shown_by) >> shift & 0xF:
            why = f"it is gone once {_name(host, shown_by)} is that of the VM"
            yield Difference(
                rule=rules.VANISHING_REGISTER,
                register=register,
                name=_name(host, register),
                vm=state.registers.get(register),
                host=host.view.registers[register],
                why=why,
            )


_COUNTERS: Final = 11
"""Where PMCR_EL0.N begins: five bits."""


def _silent(state: State, view: View) -> Iterator[Difference]:
    for name, vm, host in (
        ("counter_frequency", state.counter_frequency, view.counter_frequency),
        ("dczid_el0", state.dczid, view.dczid),
    ):
        if vm is not None and host is not None and vm != host:
            yield Difference(rule=rules.SILENT_CHANGE, name=name, vm=vm, host=host, why="nothing can set it")
    vm, host = state.value(ids.PMCR) >> _COUNTERS & 0x1F, view.value(ids.PMCR) >> _COUNTERS & 0x1F
    if ids.PMCR in view.registers and vm > host:
        yield Difference(
            rule=rules.SILENT_CHANGE,
            register=ids.PMCR,
            name="pmu_counters",
            vm=vm,
            host=host,
            why="KVM passes over the rest",
        )
