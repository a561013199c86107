"""Names of CPUs from MIDR_EL1, for people; nothing is decided by a name."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.cpu.implementation import Implementation, ReportedImplementation
from app.domain.cpu.registers import decode_midr


@dataclass(frozen=True, slots=True)
class CpuNames:
    """Names by MIDR field values. Where a value has no name, its number stands in."""

    implementers: Mapping[int, str]
    parts: Mapping[tuple[int, int], str]
    """By (implementer, part number)."""

    def name(self, implementation: Implementation | ReportedImplementation) -> str:
        """For example `Arm Neoverse N1 r3p1`."""
        fields = decode_midr(implementation.midr)
        maker = self.implementers.get(fields.implementer, f"implementer {fields.implementer:#04x}")
        part = self.parts.get((fields.implementer, fields.part_number), f"part {fields.part_number:#05x}")
        model = part if part.startswith(maker) else f"{maker} {part}"
        return f"{model} r{fields.variant}p{fields.revision}"
