"""What KVM of a host shows a vCPU, and the vCPU that a VM has (rules 13 and 14)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import Final

from app.domain.cpu.registers import format_register
from app.domain.vcpu import registers as ids


class Feature(StrEnum):
    """Of a vCPU, by bit of KVM_ARM_VCPU_INIT."""

    EL1_32BIT = "el1_32bit"
    PSCI_0_2 = "psci_0_2"
    PMU_V3 = "pmu_v3"
    SVE = "sve"
    PTRAUTH_ADDRESS = "ptrauth_address"
    PTRAUTH_GENERIC = "ptrauth_generic"
    HAS_EL2 = "has_el2"
    HAS_EL2_E2H0 = "has_el2_e2h0"


PTRAUTH: Final = frozenset({Feature.PTRAUTH_ADDRESS, Feature.PTRAUTH_GENERIC})


@dataclass(frozen=True, kw_only=True)
class State:
    """The vCPU of a VM. What it is compared by is its digest."""

    features: frozenset[Feature]
    vector_lengths: tuple[int, ...]
    """Of SVE, in bits, ascending; none without SVE."""
    registers: Mapping[int, int | None]
    """By KVM id. None: it is there, and its value says nothing."""
    counter_frequency: int | None = None
    dczid: int | None = None

    def value(self, register: int) -> int:
        """0 where it is not there, or says nothing."""
        return self.registers.get(register) or 0

    @cached_property
    def digest(self) -> str:
        return _digest(self._document())

    def _document(self) -> dict[str, object]:
        return {
            "vcpu_features": sorted(self.features),
            "sve_vector_lengths": self.vector_lengths,
            "registers": _by_id(self.registers),
            "counter_frequency_hz": self.counter_frequency,
            "dczid_el0": self.dczid,
        }


@dataclass(frozen=True, kw_only=True)
class View(State):
    """What KVM shows a vCPU that has every feature: the values are limits of those that a VM may have."""

    writable_masks: Mapping[int, int] | None
    """None: this kernel cannot say (before Linux 6.7), and takes hardly any other value."""
    capabilities: Mapping[int, int]

    def mask(self, register: int) -> int:
        return (self.writable_masks or {}).get(register, 0)

    def state(self) -> State:
        """Of a VM that has all that the host has."""
        return State(
            features=self.features,
            vector_lengths=self.vector_lengths,
            registers=self.registers,
            counter_frequency=self.counter_frequency,
            dczid=self.dczid,
        )

    def with_features(self, features: frozenset[Feature]) -> "View":
        """What KVM shows a vCPU that has these features alone."""
        lengths = self.vector_lengths if Feature.SVE in features else ()
        return replace(
            self,
            features=self.features & features,
            vector_lengths=lengths,
            registers=_without(self.registers, self.features - features),
        )

    # Which kernel this is, where a rule depends on it. Stable updates make numbers of versions unreliable.

    @property
    def makes_up_caches(self) -> bool:
        """Since 6.3, as are all 14 CCSIDRs."""
        return ids.LAST_CCSIDR in self.registers

    @property
    def lowers_pmu(self) -> bool:
        """Since 6.4, as is the physical timer's count."""
        return ids.PTIMER_COUNT in self.registers

    @property
    def hides_registers(self) -> bool:
        """Those of fields that a VM does not have: since 6.13, as is PSCI 1.3."""
        return self.value(ids.PSCI_VERSION) >= _PSCI_1_3

    @property
    def wants_aarch64(self) -> bool:
        """At EL0 and EL1: since 6.16; the second bitmap of the vendor's calls, since 6.15, stands for it."""
        return ids.VENDOR_HYP_BITMAP_2 in self.registers

    @property
    def sets_identity(self) -> bool:
        return bool(self.capabilities.get(_WRITABLE_IMP_ID_REGS))

    @cached_property
    def _digest_document(self) -> dict[str, object]:
        masks = None if self.writable_masks is None else _by_id(self.writable_masks)
        capabilities = {str(number): answer for number, answer in self.capabilities.items()}
        return {**self._document(), "writable_masks": masks, "capabilities": capabilities}

    @cached_property
    def view_digest(self) -> str:
        """Of all that the host says; `digest` is that of its state."""
        return _digest(self._digest_document)


_PSCI_1_3: Final = 0x1_0003
_WRITABLE_IMP_ID_REGS: Final = 239


def narrowed(state: State, features: frozenset[Feature]) -> State:
    """The same vCPU with these of its features alone."""
    return replace(
        state,
        features=state.features & features,
        vector_lengths=state.vector_lengths if Feature.SVE in features else (),
        registers=_without(state.registers, state.features - features),
    )


_CLEARED: Final[Mapping[Feature, Mapping[int, int]]] = {
    Feature.SVE: {ids.PFR0: 0xF << 32, ids.ZFR0: 2**64 - 1},
    Feature.PMU_V3: {ids.DFR0: 0xF << 8, ids.ID_DFR0: 0xF << 24},
    Feature.PTRAUTH_ADDRESS: {ids.ISAR1: 0xFF << 4 | 0xFF << 24, ids.ISAR2: 0xFF << 8},
    Feature.PTRAUTH_GENERIC: {ids.ISAR1: 0xFF << 4 | 0xFF << 24, ids.ISAR2: 0xFF << 8},
}
"""Bits of ID registers that are 0 without the feature."""

_PTRAUTH_KEYS: Final = (*range(0xC108, 0xC10C), *range(0xC110, 0xC114), 0xC118, 0xC119)
_PMU: Final = (0xC4F1, 0xC4F2, 0xC4F6, *range(0xDCE0, 0xDCE6), 0xDCE8, 0xDCF0, 0xDCF3, *range(0xDF40, 0xDF80))

_REGISTERS: Final[Mapping[Feature, frozenset[int]]] = {
    Feature.SVE: frozenset({ids.system(0xC090)}),
    Feature.PMU_V3: frozenset(map(ids.system, _PMU)),
    Feature.PTRAUTH_ADDRESS: frozenset(map(ids.system, _PTRAUTH_KEYS)),
    Feature.PTRAUTH_GENERIC: frozenset(map(ids.system, _PTRAUTH_KEYS)),
    Feature.HAS_EL2: frozenset(map(ids.system, range(0xE000, 0xE800)))
    - frozenset(map(ids.system, (0xE180, 0xE281, 0xE298))),
}
"""Registers that are there with the feature only. Three of EL2 are there without."""


def _without(registers: Mapping[int, int | None], dropped: frozenset[Feature]) -> Mapping[int, int | None]:
    if not dropped:
        return registers
    gone = frozenset[int]().union(*(_REGISTERS.get(feature, frozenset()) for feature in dropped))
    left = {register: value for register, value in registers.items() if register not in gone}
    for feature in dropped:
        for register, bits in _CLEARED.get(feature, {}).items():
            if value := left.get(register):
                left[register] = value & ~bits
    return left


def _by_id(values: Mapping[int, int | None] | Mapping[int, int]) -> dict[str, str | None]:
    return {
        format_register(register): None if value is None else format_register(value)
        for register, value in sorted(values.items())
    }


def _digest(document: Mapping[str, object]) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return f"sha256:{sha256(text.encode()).hexdigest()}"
