"""Why a host is refused: stable codes, what differs, and what would help."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain.cpu.cpulist import CpuList
from app.domain.cpu.implementation import Implementation
from app.domain.fleet.placement import Requirement


class ReasonCode(StrEnum):
    """Codes of refusals, in the order in which answers list them."""

    IS_CURRENT_HOST = "is_current_host"
    HOST_NOT_ACTIVE = "host_not_active"
    PLACEMENT_MISMATCH = "placement_mismatch"
    IDENTITY_INCOMPLETE = "identity_incomplete"
    INVENTORY_STALE = "inventory_stale"
    IMPLEMENTATION_NOT_LISTED = "implementation_not_listed"
    LACKS_WRITABLE_ID_REGISTERS = "lacks_writable_id_registers"
    LACKS_DISCOVERY_HYPERCALLS = "lacks_discovery_hypercalls"
    GUEST_CANNOT_DISCOVER = "guest_cannot_discover"
    WOULD_WEAKEN_GUEST = "would_weaken_guest"
    HETEROGENEOUS_HOST = "heterogeneous_host"
    HAZARD_ON_BOOT_HOST = "hazard_on_boot_host"


LASTING: Final = frozenset(
    {
        ReasonCode.IMPLEMENTATION_NOT_LISTED,
        ReasonCode.GUEST_CANNOT_DISCOVER,
        ReasonCode.WOULD_WEAKEN_GUEST,
    }
)
"""Codes that hold for the life of the boot: waiting does not help, only other hardware or a new boot does."""


@dataclass(frozen=True, slots=True)
class Unlisted:
    """An implementation of the host that is not on the list, beside the nearest that is."""

    implementation: Implementation
    nearest_listed: Implementation
    differing_registers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """CPUs of the host with a register that nobody has read; None for all of them."""

    cpus: CpuList | None


@dataclass(frozen=True, slots=True)
class Unmet:
    """A condition of the placement that the host's label does not satisfy; None where it has no such label."""

    requirement: Requirement
    found: str | None


@dataclass(frozen=True, slots=True)
class Weakening:
    """An implementation of the host that would weaken the guest, with the tables by which it would (rule 12)."""

    implementation: Implementation
    tables: tuple[str, ...]


Difference = Unlisted | Unread | Unmet | Weakening
"""What lies between a VM and a host. Whoever renders it knows every kind."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason; a refusal carries all that hold (rule 9)."""

    code: ReasonCode
    detail: str
    remedy: str
    differences: tuple[Difference, ...] = ()
    """Every difference behind it; none where there is nothing to compare."""

    @property
    def lasting(self) -> bool:
        return self.code in LASTING
