"""The ID registers by field: how Linux compares a value of a VM with the one that a host gives (rule F5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Safe(StrEnum):
    """Which of two values of a field is safe for both (arch/arm64/kernel/cpufeature.c)."""

    LOWER = "lower"
    HIGHER = "higher"
    HIGHER_OR_ZERO = "higher_or_zero"
    EXACT = "exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Bits of an ID register that tell one thing."""

    name: str
    shift: int
    width: int
    signed: bool = False
    """Then 0xf is -1, the lowest: DoubleLock, FP, …"""
    safe: Safe | None
    """None: Linux does not track it, and a VM must have what the host gives."""
    constant: int = 0
    """The safe value where two differ that must be the same (`exact`)."""

    @property
    def mask(self) -> int:
        return (1 << self.width) - 1 << self.shift

    def of(self, value: int) -> int:
        return (value & self.mask) >> self.shift

    def put(self, value: int, content: int) -> int:
        return value & ~self.mask | content << self.shift

    def safest(self, one: int, other: int) -> int:
        """Of two contents of the field."""
        if one == other:
            return one
        if self.safe is Safe.EXACT or self.safe is None:
            return self.constant
        if self.safe is Safe.HIGHER_OR_ZERO and 0 in {one, other}:
            return 0
        return (min if self.safe is Safe.LOWER else max)(one, other, key=self._ranked)

    def takes(self, wanted: int, limit: int) -> bool:
        """Whether a host that gives `limit` can give `wanted`."""
        return wanted == limit or self.safest(wanted, limit) == wanted

    def _ranked(self, content: int) -> int:
        negative = self.signed and content >> self.width - 1
        return content - (1 << self.width) if negative else content


@dataclass(frozen=True)
class IdRegister:
    """A register of the table. Its fields do not overlap."""

    register: int
    name: str
    fields: tuple[Field, ...]

    def writable(self, mask: int) -> tuple[Field, ...]:
        """Fields that are tracked and lie completely in the mask: only they may differ."""
        return tuple(each for each in self.fields if each.safe and mask & each.mask == each.mask)

    @cached_property
    def field_bits(self) -> int:
        return sum(each.mask for each in self.fields)


@dataclass(frozen=True)
class IdRegisters:
    """All registers that the table knows, and the kernel that it describes."""

    version: str
    registers: tuple[IdRegister, ...]

    @cached_property
    def by_id(self) -> Mapping[int, IdRegister]:
        return {each.register: each for each in self.registers}

    def get(self, register: int) -> IdRegister:
        """One without fields where the table does not know it: then only the host's own value is taken."""
        return self.by_id.get(register) or IdRegister(register, f"{register:#018x}", ())
