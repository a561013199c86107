"""The rules by which KVM takes a vCPU or does not, each with the place in Linux or the measurement it was read from."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a difference is."""

    FEATURE_MISSING = "feature_missing"
    VECTOR_LENGTHS = "vector_lengths"
    REGISTER_MISSING = "register_missing"
    """The VM has one that the host does not list."""
    REGISTER_REFUSED = "register_refused"
    SILENT_CHANGE = "silent_change"
    """KVM takes it, and the guest would notice."""


class Way(StrEnum):
    """Which registers a VMM writes."""

    OWN_REGISTERS = "own_registers"
    """Those of the VM: Firecracker, Cloud Hypervisor."""
    ALL_REGISTERS = "all_registers"
    """Those that the host lists, with the host's own value where the VM has none: QEMU."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One of the rules."""

    code: str
    number: str
    kind: Kind
    source: str


VCPU_FEATURE: Final = Rule("vcpu_feature", "F1", Kind.FEATURE_MISSING, "arch/arm64/kvm/arm.c, KVM_ARM_VCPU_INIT")
SVE_LENGTHS: Final = Rule("sve_lengths", "F2", Kind.VECTOR_LENGTHS, "arch/arm64/kvm/guest.c, set_sve_vls")
REGISTER_LIST: Final = Rule("register_list", "F3", Kind.REGISTER_MISSING, "arch/arm64/kvm/sys_regs.c, the visibilities")
IDENTITY_FIXED: Final = Rule("identity_fixed", "F4", Kind.REGISTER_REFUSED, "arch/arm64/kvm/sys_regs.c, set_imp_id_reg")
ID_VALUE: Final = Rule("id_value", "F5", Kind.REGISTER_REFUSED, "arch/arm64/kvm/sys_regs.c, arm64_check_features")
ID_SPECIAL: Final = Rule("id_special", "F6", Kind.REGISTER_REFUSED, "arch/arm64/kvm/sys_regs.c, set_id_…, set_ctr_el0")
CACHE_GEOMETRY: Final = Rule("cache_geometry", "F7", Kind.REGISTER_REFUSED, "arch/arm64/kvm/sys_regs.c, set_clidr")
FIRMWARE: Final = Rule("firmware", "F8", Kind.REGISTER_REFUSED, "arch/arm64/kvm/hypercalls.c, kvm_arm_set_fw_reg")
SILENT_CHANGE: Final = Rule("silent_change", "F9", Kind.SILENT_CHANGE, "runs under KVM: taken, and read back as it was")
VANISHING_REGISTER: Final = Rule(
    "vanishing_register", "F10", Kind.REGISTER_REFUSED, "runs under KVM: ENOENT once MMFR3 is written"
)

RULES: Final = (
    VCPU_FEATURE,
    SVE_LENGTHS,
    REGISTER_LIST,
    IDENTITY_FIXED,
    ID_VALUE,
    ID_SPECIAL,
    CACHE_GEOMETRY,
    FIRMWARE,
    SILENT_CHANGE,
    VANISHING_REGISTER,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing of a VM that KVM of a host does not take, or that would change."""

    rule: Rule
    register: int | None = None
    name: str
    """Of the register, of the feature, of what changes."""
    field: str | None = None
    vm: int | str | None = None
    host: int | str | None = None
    why: str
    """Follows `the VM has …, the host gives …`."""

    @property
    def kind(self) -> Kind:
        return self.rule.kind

    def told(self, host: str) -> str:
        """For people: `ID_AA64MMFR2_EL1.EVT: the VM has 2, h7 gives 0, and its KVM cannot change it`."""
        place = f"{self.name}.{self.field}" if self.field else self.name
        if self.kind in {Kind.FEATURE_MISSING, Kind.REGISTER_MISSING}:
            return f"{place}: the VM has it, {host} does not"
        return f"{place}: the VM has {_shown(self.vm)}, {host} gives {_shown(self.host)}, and {self.why}"


_SMALL: Final = 16


def _shown(value: int | str | None) -> str:
    if value is None:
        return "none"
    return hex(value) if isinstance(value, int) and value >= _SMALL else str(value)
