"""Which values MIDR_EL1 can have, and which one somebody meant who wrote another (rule 1)."""

from typing import Final

from app.domain.cpu.registers import decode_midr

_ID_REGISTERS: Final = 0xF
"""What bits 19:16 hold on every arm64 CPU: the architecture is told by the ID registers, not here."""

_UNREAD: Final = frozenset({0, 2**32 - 1, 2**64 - 1})
"""What stands where nothing answered."""

_LOWER: Final = 2**32
"""Bits from here on are RES0 today."""


def check_midr(midr: int) -> int:
    """The value, if a CPU can have it. Raises ValueError with its fault."""
    if said := fault(midr):
        raise ValueError(said)
    return midr


def fault(midr: int) -> str | None:
    """Why no CPU has the value, in a sentence that names what was probably meant; None if one can have it."""
    if possible(midr):
        return None
    if midr in _UNREAD:
        return f"no arm64 CPU has {midr:#x} in MIDR_EL1: that is what stands where the register was not read"
    found = decode_midr(midr).architecture
    return f"bits 19:16 of MIDR_EL1 are 0xf on every arm64 CPU, and {found:#x} in {midr:#x}{_hint(midr)}"


def possible(midr: int) -> bool:
    return midr not in _UNREAD and decode_midr(midr).architecture == _ID_REGISTERS


def wide(midr: int) -> bool:
    """Whether bits are set that are RES0 today."""
    return midr >= _LOWER


def _hint(midr: int) -> str:
    if (meant := _reversed(midr)) is not None:
        return f"; did you mean {meant:#x}? Those are the same bytes in reverse, as dmidecode prints them"
    fields = decode_midr(midr)
    if not fields.implementer or not fields.part_number:
        return ""
    meant = midr | _ID_REGISTERS << 16
    if fields.architecture == _PRINTED:
        return f"; did you mean {meant:#x}? /proc/cpuinfo prints 8 there, the register holds 0xf"
    return f"; did you mean {meant:#x}?"


_PRINTED: Final = 8
"""What /proc/cpuinfo prints as the architecture of every CPU (arch/arm64/kernel/cpuinfo.c)."""


def _reversed(midr: int) -> int | None:
    """The MIDR of which these are the bytes in reverse, of 4 or of 8 bytes."""
    for size in (4, 8):
        if midr < 1 << 8 * size:
            meant = int.from_bytes(midr.to_bytes(size, "little"), "big")
            if possible(meant) and not wide(meant) and decode_midr(meant).implementer:
                return meant
    return None
