"""Ids by which KVM names the registers of a vCPU (Linux, arch/arm64/include/uapi/asm/kvm.h)."""

import re
from enum import IntEnum
from typing import Final

from app.domain.cpu.registers import format_register


class Group(IntEnum):
    """Bits 27:16 of an id: what kind of register it names."""

    CORE = 0x10
    CACHE_SIZE = 0x11
    SYSTEM = 0x13
    FIRMWARE = 0x14
    SVE = 0x15
    FIRMWARE_BITMAP = 0x16


LISTED: Final = frozenset({Group.CACHE_SIZE, Group.SYSTEM, Group.FIRMWARE, Group.FIRMWARE_BITMAP})
"""What views and states hold. The contents of core and vector registers are no property of a vCPU."""

_ARM64: Final = 0x60 << 56
_SIZE_OF_GROUP: Final = {Group.CACHE_SIZE: 2}
_SYSTEM: Final = 0x6030_0000_0013_0000
_WRITTEN: Final = re.compile(r"0x[0-9a-f]{16}")


def group_of(register: int) -> int:
    return register >> 16 & 0xFFF


def size_of(register: int) -> int:
    """In bits."""
    return 8 << (register >> 52 & 0xF)


def parse_id(text: str) -> int:
    """Read the id of a register that a view may hold; raise ValueError on anything else."""
    if not _WRITTEN.fullmatch(text):
        message = "an id is written as 0x and 16 lower-case hexadecimal digits"
        raise ValueError(message)
    register = int(text, 16)
    group = group_of(register)
    if group in {Group.CORE, Group.SVE}:
        message = "core registers and the contents of vector registers are no part of this"
        raise ValueError(message)
    size = _SIZE_OF_GROUP.get(Group(group), 3) if group in LISTED else None
    if size is None or register != _ARM64 | size << 52 | group << 16 | register & 0xFFFF:
        message = "is no id that KVM gives a register of an arm64 vCPU"
        raise ValueError(message)
    return register


def system(encoding: int) -> int:
    """The id of a system register, of op0, op1, CRn, CRm and op2 in 16 bits."""
    return _SYSTEM | encoding


MIDR: Final = system(0xC000)
REVIDR: Final = system(0xC006)
AIDR: Final = system(0xC807)
IDENTITY: Final = frozenset({MIDR, REVIDR, AIDR})
ID_DFR0: Final = system(0xC00A)
PFR0: Final = system(0xC020)
PFR1: Final = system(0xC021)
PFR2: Final = system(0xC022)
ZFR0: Final = system(0xC024)
DFR0: Final = system(0xC028)
ISAR1: Final = system(0xC031)
ISAR2: Final = system(0xC032)
MMFR2: Final = system(0xC03A)
MMFR3: Final = system(0xC03B)
CLIDR: Final = system(0xC801)
CTR: Final = system(0xD801)
PMCR: Final = system(0xDCE0)
PTIMER_COUNT: Final = system(0xDF01)
LAST_CCSIDR: Final = 0x6020_0000_0011_000D
PSCI_VERSION: Final = 0x6030_0000_0014_0000
WORKAROUND_1: Final = 0x6030_0000_0014_0001
WORKAROUND_2: Final = 0x6030_0000_0014_0002
WORKAROUND_3: Final = 0x6030_0000_0014_0003
VENDOR_HYP_BITMAP_2: Final = 0x6030_0000_0016_0003

AARCH32_ID: Final = frozenset(map(system, (*range(0xC008, 0xC00B), *range(0xC00C, 0xC01B), 0xC01C, 0xC01E)))
"""ID registers of AArch32 that are ignored where there is no AArch32. ID_AFR0 and ID_DFR1 are not."""

_ID_SPACE: Final = range(system(0xC008), system(0xC040))


def is_id(register: int) -> bool:
    """Whether it tells features: its value is compared field by field. The identity and the caches are not."""
    return register in _ID_SPACE or register == CTR


VOLATILE: Final = frozenset({PTIMER_COUNT, system(0xDF1A), system(0xC005)})
"""The two counters and MPIDR: their values say nothing of the vCPU."""

UNKNOWN_AT_RESET: Final = 0x1DE7_EC7E_DBAD_C0DE
"""What KVM puts where a register has no value after reset."""

_NAMES: Final = {
    PSCI_VERSION: "PSCI version",
    WORKAROUND_1: "SMCCC_ARCH_WORKAROUND_1",
    WORKAROUND_2: "SMCCC_ARCH_WORKAROUND_2",
    WORKAROUND_3: "SMCCC_ARCH_WORKAROUND_3",
    0x6030_0000_0016_0000: "STD_BMAP",
    0x6030_0000_0016_0001: "STD_HYP_BMAP",
    0x6030_0000_0016_0002: "VENDOR_HYP_BMAP",
    VENDOR_HYP_BITMAP_2: "VENDOR_HYP_BMAP_2",
    PMCR: "PMCR_EL0",
    PTIMER_COUNT: "CNTPCT_EL0",
    system(0xDF11): "CNTP_CTL_EL0",
    system(0xDF12): "CNTP_CVAL_EL0",
    system(0xC103): "TCR2_EL1",
    system(0xC083): "SCTLR2_EL1",
    system(0xC512): "PIRE0_EL1",
    system(0xC513): "PIR_EL1",
    system(0xC514): "POR_EL1",
    system(0xDD14): "POR_EL0",
    system(0xDA22): "FPMR",
    system(0xC4F6): "PMMIR_EL1",
    system(0xC090): "ZCR_EL1",
}


def name_of(register: int) -> str:
    """The name of a register that is in no table of ID registers; its id where it has none here."""
    if group_of(register) == Group.CACHE_SIZE:
        return f"CCSIDR[{register & 0xFF}]"
    return _NAMES.get(register, format_register(register))
