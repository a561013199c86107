"""The CPU implementation: the triple of registers by which Linux tells CPUs apart (Linux 6.15, KVM hypercalls.rst)."""

from typing import Final, NamedTuple

from app.domain.cpu.registers import format_register

_STEPPING: Final = 0x00F0_000F
"""Variant and revision of MIDR_EL1: what changes between steppings of one model."""


class Implementation(NamedTuple):
    """A fully known implementation. Two are the same only if all three values are equal.

    Compares and sorts by (MIDR, REVIDR, AIDR) as unsigned numbers.
    """

    midr: int
    revidr: int
    aidr: int


class ReportedImplementation(NamedTuple):
    """What a host says of a group of CPUs. `aidr` is None where it could not be read.

    AIDR_EL1 is in sysfs only since Linux 6.16; an unread value is unknown, never 0.
    """

    midr: int
    revidr: int
    aidr: int | None

    @property
    def known(self) -> Implementation | None:
        """The implementation, or None while a register of it is unknown."""
        return None if self.aidr is None else Implementation(self.midr, self.revidr, self.aidr)


def differing_registers(one: Implementation, other: Implementation) -> tuple[str, ...]:
    """Names of the registers in which two implementations differ, in the order of the triple."""
    return tuple(name for name, a, b in zip(Implementation._fields, one, other, strict=True) if a != b)


def nearest(wanted: Implementation, candidates: tuple[Implementation, ...]) -> Implementation | None:
    """The candidate that a person would call the closest relative of `wanted`; None where there are none.

    Same implementer and part first, then the nearest variant and revision, then equal REVIDR before equal AIDR.
    """

    def distance(candidate: Implementation) -> tuple[int, int, int, Implementation]:
        model = (wanted.midr ^ candidate.midr) & ~_STEPPING
        revisions = abs((wanted.midr & _STEPPING) - (candidate.midr & _STEPPING))
        rest = (wanted.revidr != candidate.revidr) * 2 + (wanted.aidr != candidate.aidr)
        return (model, revisions, rest, candidate)

    return min(candidates, key=distance, default=None)


def describe_registers(implementation: Implementation | ReportedImplementation) -> str:
    """The triple in words, for details of refusals."""
    aidr = "unknown" if implementation.aidr is None else format_register(implementation.aidr)
    return f"MIDR {format_register(implementation.midr)}, REVIDR {format_register(implementation.revidr)}, AIDR {aidr}"
