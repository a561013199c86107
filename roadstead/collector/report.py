"""What a host says of itself, and the JSON in which the service wants to hear it."""

from dataclasses import asdict, dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CpuGroup:
    """CPUs that show the same registers, each `0x` and 16 lower-case digits as sysfs prints it.

    The form is canonical, so equal texts are equal values and all 64 bits reach the service untouched.
    """

    cpu_list: str
    midr: str
    revidr: str
    aidr: str | None
    """None on a kernel that does not show AIDR_EL1: it was not read, and is never taken for 0."""

    def document(self) -> dict[str, str]:
        """As the service wants it: null would say that the value is unknown, and erase what an operator has stated."""
        return {register: text for register, text in asdict(self).items() if text is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """One complete observation of a host. None is unknown throughout."""

    cpus: tuple[CpuGroup, ...]
    writable_id_registers: bool | None
    discovery_hypercalls: bool | None
    kernel_release: str | None
    vmm: str | None
    observed_at: datetime
    """Aware of its time zone, and not later than the first register was read."""
    remarks: str | None = None
    """What of the CPUs was stated or left out, for people."""

    def document(self) -> dict[str, object]:
        """The report as a first description of the host; AIDR, remarks, kernel and VMM are left out where unknown."""
        texts = {"remarks": self.remarks, "kernel_release": self.kernel_release, "vmm": self.vmm}
        return {
            "cpus": [group.document() for group in self.cpus],
            "capabilities": self._capabilities(),
            **{field: text for field, text in texts.items() if text is not None},
            "observed_at": self.observed_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        }

    def merge_patch(self) -> dict[str, object]:
        """The report as a change to what the service knows (JSON merge patch, RFC 7396: a null erases).

        Where KVM was asked and did not answer, its old answer is erased. The VMM was not asked whether it
        answers the discovery calls, so what the service was told of that stands unless this report tells.
        """
        capabilities = self._capabilities()
        if self.discovery_hypercalls is None:
            del capabilities["discovery_hypercalls"]
        return {**self.document(), "capabilities": capabilities}

    def _capabilities(self) -> dict[str, bool | None]:
        return {
            "writable_id_registers": self.writable_id_registers,
            "discovery_hypercalls": self.discovery_hypercalls,
        }
