"""The implementation list: the ordered implementations that one boot of a VM is told about, and its two raw forms."""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from app.domain.cpu.implementation import Implementation
from app.domain.cpu.relatives import Relatives

ABI_VERSION: Final = (1, 0)
"""Version of the discovery ABI the list is made for (Linux 6.15, Documentation/virt/kvm/arm/hypercalls.rst)."""

_ENTRY: Final = struct.Struct(">QQQ")


def packed(implementations: Iterable[Implementation]) -> bytes:
    """24 bytes an entry: MIDR, REVIDR, AIDR, 8 bytes big-endian each."""
    return b"".join(_ENTRY.pack(*entry) for entry in implementations)


def unpacked(binary: bytes) -> tuple[Implementation, ...]:
    return tuple(Implementation(*entry) for entry in _ENTRY.iter_unpack(binary))


@dataclass(frozen=True)
class ImplementationList:
    """At least one implementation; entry 0 is what the vCPUs present. Immutable, known by its digest."""

    entries: tuple[Implementation, ...]

    def __post_init__(self) -> None:
        if not self.entries:
            message = "an implementation list has at least one entry"
            raise ValueError(message)

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Implementation]:
        return iter(self.entries)

    @property
    def vcpu_identity(self) -> Implementation:
        return self.entries[0]

    @cached_property
    def members(self) -> frozenset[Implementation]:
        return frozenset(self.entries)

    @cached_property
    def relatives(self) -> Relatives:
        """The entries, to be asked which is nearest to another implementation."""
        return Relatives(self.entries)

    @cached_property
    def binary(self) -> bytes:
        """The entries packed, which is what the digest is taken of."""
        return packed(self.entries)

    @cached_property
    def digest(self) -> str:
        """`sha256:` and 64 lower-case hexadecimal digits."""
        return f"sha256:{hashlib.sha256(self.binary).hexdigest()}"

    @classmethod
    def from_binary(cls, binary: bytes) -> "ImplementationList":
        return cls(unpacked(binary))

    @cached_property
    def qemu(self) -> str:
        """The value of one QEMU `-M` option (RFC "Add support for Target Implementation CPUs", 2025-08-01)."""
        return ",".join(
            f"impl-cpu.{index}.{register}={value:#x}"
            for index, entry in enumerate(self.entries)
            for register, value in zip(Implementation._fields, entry, strict=True)
        )
