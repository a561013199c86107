"""Values of registers, one by one: does KVM of a host take them, by rules F4 to F8."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from app.domain.vcpu import registers as ids
from app.domain.vcpu import rules
from app.domain.vcpu.id_registers import Field, IdRegister, IdRegisters, Safe
from app.domain.vcpu.rules import Difference, Rule
from app.domain.vcpu.view import State, View

_HIDDEN: Final[Mapping[int, tuple[int, ...]]] = {ids.PFR0: (40,), ids.PFR1: (16,), ids.MMFR2: (24,)}
"""Where MPAM, MPAM_frac and NV begin: newer kernels show 0, and take what the hardware has as 0 (F6)."""


class Hardware:
    """What CPUs have in the fields that newer kernels hide, as views of older kernels show it."""

    def __init__(self, views: Iterable[State] = ()) -> None:
        self._seen: set[tuple[int, int, int, int]] = set()
        for view in views:
            self._seen |= {(view.value(ids.MIDR), *found) for found in _hidden(view)}

    def has(self, midr: int, register: int, shift: int, content: int) -> bool:
        return (midr, register, shift, content) in self._seen


def _hidden(state: State) -> Iterator[tuple[int, int, int]]:
    for register, shifts in _HIDDEN.items():
        for shift in shifts:
            if content := state.value(register) >> shift & 0xF:
                yield register, shift, content


@dataclass(frozen=True, slots=True)
class Host:
    """A view, with what is known besides."""

    view: View
    table: IdRegisters
    hardware: Hardware
    sets_identity: bool
    """Whether the VMM makes use of the capability to write MIDR, REVIDR and AIDR."""

    def stored(self, register: int, wanted: int, midr: int) -> int:
        """What a write of an ID register asks for, once KVM took away what it takes and passes over."""
        if self._ignores(register):
            return self.view.value(register)
        if self.view.writable_masks is None:
            return wanted
        for shift in _HIDDEN.get(register, ()):
            content, shown = wanted >> shift & 0xF, self.view.value(register) >> shift & 0xF
            if not shown and content and self._has(midr, register, shift, content):
                wanted &= ~(0xF << shift)
        at = _PMU_VERSION.get(register)
        impdef = at is not None and wanted >> at & 0xF == _IMPLEMENTATION_DEFINED
        return wanted & ~(0xF << at) if at is not None and impdef else wanted

    def _has(self, midr: int, register: int, shift: int, content: int) -> bool:
        own = self.view.value(ids.MIDR)
        return midr == own or self.hardware.has(own, register, shift, content)

    def _ignores(self, register: int) -> bool:
        return register in ids.AARCH32_ID and self.view.value(ids.PFR0) & 0xF != _AARCH32


_AARCH32: Final = 2
"""ID_AA64PFR0_EL1.EL0 where programs of AArch32 run."""
_PMU_VERSION: Final = {ids.DFR0: 8, ids.ID_DFR0: 24}
_IMPLEMENTATION_DEFINED: Final = 0xF


def refusals(host: Host, state: State, register: int) -> tuple[Difference, ...]:
    """Why KVM of the host would not take the VM's value of the register; nothing where it takes it."""
    wanted, limit = state.registers.get(register), host.view.registers.get(register)
    if wanted is None or limit is None or wanted == limit:
        return ()
    if ids.is_id(register):
        return tuple(_id_refusals(host, register, host.stored(register, wanted, state.value(ids.MIDR)), limit))
    check = _CHECKS.get(register) or _GROUP_CHECKS.get(ids.group_of(register))
    fault = check and check(host, register, wanted, limit)
    if not fault:
        return ()
    rule, why = fault
    name = host.table.get(register).name if register in host.table.by_id else ids.name_of(register)
    return (Difference(rule=rule, register=register, name=name, vm=wanted, host=limit, why=why),)


# ID registers, field by field


def _id_refusals(host: Host, register: int, wanted: int, limit: int) -> Iterator[Difference]:
    row = host.table.get(register)
    if host.view.writable_masks is None:
        wanted = _lowered_by_old_kernels(host.view, register, wanted, limit)
    found = list(_field_refusals(row, wanted, limit, host.view.mask(register)))
    found += _special(host.view, row, wanted, limit, {each.field for each in found})
    yield from found


def _field_refusals(row: IdRegister, wanted: int, limit: int, mask: int) -> Iterator[Difference]:
    """Each field that differs in a way that is not taken (F5)."""
    writable = set(row.writable(mask))
    for each in row.fields:
        has, gives = each.of(wanted), each.of(limit)
        if has != gives and (each not in writable or not each.takes(has, gives)):
            why = _taken(each) if each in writable else "its KVM cannot change it"
            yield _difference(rules.ID_VALUE, row, each.name, has, gives, why)
    if rest := (wanted ^ limit) & ~row.field_bits:
        yield _difference(rules.ID_VALUE, row, None, wanted, limit, f"its KVM cannot change the bits {rest:#x}")


def _difference(rule: Rule, row: IdRegister, field: str | None, has: int, gives: int, why: str) -> Difference:
    return Difference(rule=rule, register=row.register, name=row.name, field=field, vm=has, host=gives, why=why)


def _taken(field: Field) -> str:
    if field.safe is Safe.EXACT:
        return f"its KVM takes that or {field.constant}"
    return "its KVM takes nothing higher" if field.safe is Safe.LOWER else "its KVM takes nothing lower"


def _lowered_by_old_kernels(view: View, register: int, wanted: int, limit: int) -> int:
    """The value, but for what a kernel without masks lets a VMM lower all the same (F6)."""
    for shift in _OLD_LOWERED.get(register, ()) if register == ids.PFR0 or view.lowers_pmu else ():
        if wanted >> shift & 0xF <= limit >> shift & 0xF:
            wanted = wanted & ~(0xF << shift) | limit & 0xF << shift
    return wanted


_OLD_LOWERED: Final[Mapping[int, tuple[int, ...]]] = {ids.PFR0: (56, 60), ids.DFR0: (8,), ids.ID_DFR0: (24,)}
"""CSV2 and CSV3 always; PMUVer and PerfMon since 6.4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Special:
    """Contents of a field that are refused although they are lower than what the host gives."""

    field: str
    shift: int
    width: int
    refused: frozenset[int]
    aarch64: bool = False
    """Refused since 6.16 only."""


_SPECIAL: Final[Mapping[int, tuple[_Special, ...]]] = {
    ids.PFR0: (
        _Special(field="EL0", shift=0, width=4, refused=frozenset({0}), aarch64=True),
        _Special(field="EL1", shift=4, width=4, refused=frozenset({0}), aarch64=True),
    ),
    ids.DFR0: (_Special(field="DebugVer", shift=0, width=4, refused=frozenset(range(6))),),
    ids.ID_DFR0: (
        _Special(field="CopDbg", shift=0, width=4, refused=frozenset(range(6))),
        _Special(field="PerfMon", shift=24, width=4, refused=frozenset({1, 2})),
    ),
    ids.CTR: (_Special(field="L1Ip", shift=14, width=2, refused=frozenset({0, 1})),),
}


def _special(view: View, row: IdRegister, wanted: int, limit: int, told: set[str | None]) -> Iterator[Difference]:
    if view.writable_masks is None:
        return
    for each in _SPECIAL.get(row.register, ()):
        field = (1 << each.width) - 1
        has, gives = wanted >> each.shift & field, limit >> each.shift & field
        asked = has != gives and each.field not in told and (view.wants_aarch64 or not each.aarch64)
        if asked and has in each.refused:
            yield _difference(rules.ID_SPECIAL, row, each.field, has, gives, f"KVM never takes {has} there")


# All other registers that are looked at

_Fault = tuple[Rule, str] | None


def _identity(host: Host, register: int, wanted: int, _limit: int) -> _Fault:
    fits = register != ids.MIDR or wanted < _LOWER
    if host.sets_identity and host.view.sets_identity and fits:
        return None
    return rules.IDENTITY_FIXED, "nothing there writes another identity"


def _clidr(host: Host, _register: int, wanted: int, _limit: int) -> _Fault:
    if not host.view.makes_up_caches:
        return rules.CACHE_GEOMETRY, "its KVM takes no other"
    if (mask := host.view.mask(ids.CLIDR)) and wanted & ~mask:
        return rules.CACHE_GEOMETRY, "its KVM refuses bits that no CPU has"
    coherent = host.view.value(ids.CTR) >> _IDC & 1
    if coherent or not claims_coherence(wanted):
        return None
    return rules.CACHE_GEOMETRY, "that needs CTR_EL0.IDC, which the host does not have"


_IDC: Final = 28


def claims_coherence(clidr: int) -> bool:
    """LoC = 0, or LoUU = LoUIS = 0."""
    unification = clidr >> 27 & 7 or clidr >> 21 & 7
    return not clidr >> 24 & 7 or not unification


def _ccsidr(host: Host, _register: int, wanted: int, limit: int) -> _Fault:
    if not host.view.makes_up_caches:
        return rules.CACHE_GEOMETRY, "its KVM takes no other"
    return None if wanted & 7 >= limit & 7 else (rules.CACHE_GEOMETRY, "its KVM takes no shorter lines")


_PSCI_VERSIONS: Final = frozenset({0x0_0002, 0x1_0000, 0x1_0001, 0x1_0002, 0x1_0003})
_LOWER: Final = 2**32


def _psci(_host: Host, _register: int, wanted: int, limit: int) -> _Fault:
    known = wanted in _PSCI_VERSIONS and wanted <= limit
    return None if known else (rules.FIRMWARE, "its KVM has no newer one")


def _level(_host: Host, _register: int, wanted: int, limit: int) -> _Fault:
    return None if wanted <= limit else (rules.FIRMWARE, "a level can only rise")


def _workaround_2(_host: Host, _register: int, wanted: int, limit: int) -> _Fault:
    counted = 0 if wanted <= 1 else 3
    return None if counted <= (0 if limit <= 1 else 3) else (rules.FIRMWARE, "a level can only rise")


def _bitmap(_host: Host, register: int, wanted: int, limit: int) -> _Fault:
    allowed = 3 if register == ids.VENDOR_HYP_BITMAP_2 else limit
    return (rules.FIRMWARE, "its KVM offers no more calls") if wanted & ~allowed else None


_Check = Callable[[Host, int, int, int], _Fault]
_CHECKS: Final[Mapping[int, _Check]] = {
    **dict.fromkeys(ids.IDENTITY, _identity),
    ids.CLIDR: _clidr,
    ids.PSCI_VERSION: _psci,
    ids.WORKAROUND_1: _level,
    ids.WORKAROUND_2: _workaround_2,
    ids.WORKAROUND_3: _level,
}
_GROUP_CHECKS: Final[Mapping[int, _Check]] = {ids.Group.CACHE_SIZE: _ccsidr, ids.Group.FIRMWARE_BITMAP: _bitmap}
