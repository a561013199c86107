"""The CPU implementation: the triple of registers by which Linux tells CPUs apart (Linux 6.15, KVM hypercalls.rst)."""

from typing import NamedTuple


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
