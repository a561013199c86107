"""The identification registers: what a 64-bit value may be, how it is written, how MIDR_EL1 is divided."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

REGISTER_MAX: Final = 2**64 - 1
"""Registers are unsigned 64-bit; every bit counts, also those that are RES0 today."""

_WRITTEN: Final = re.compile(r"0[xX][0-9a-fA-F]{1,16}")


def parse_register(text: str) -> int:
    """Read `0x` and 1 to 16 hexadecimal digits; raise ValueError on anything else, a decimal string too."""
    if not _WRITTEN.fullmatch(text):
        message = "a register is written as 0x and 1 to 16 hexadecimal digits"
        raise ValueError(message)
    return int(text, 16)


def format_register(value: int) -> str:
    """Write a register as Linux prints it in sysfs: `0x` and 16 lower-case digits (arch/arm64/kernel/cpuinfo.c)."""
    return f"0x{value:016x}"


class MidrFields(NamedTuple):
    """MIDR_EL1 taken apart (Arm Architecture Reference Manual, MIDR_EL1). Bits 63:32 are RES0 and not in here."""

    implementer: int
    variant: int
    architecture: int
    part_number: int
    revision: int


_MIDR_LAYOUT: Final = {
    "implementer": (24, 8),
    "variant": (20, 4),
    "architecture": (16, 4),
    "part_number": (4, 12),
    "revision": (0, 4),
}
"""Field → (lowest bit, width in bits)."""


@lru_cache(maxsize=4096)
def decode_midr(midr: int) -> MidrFields:
    return MidrFields(**{field: midr >> low & (1 << width) - 1 for field, (low, width) in _MIDR_LAYOUT.items()})
