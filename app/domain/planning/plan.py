"""A plan: what one boot of a VM gets, complete enough that nobody after it makes a choice."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from app.domain.cpu.cpulist import CpuList
from app.domain.cpu.implementation import Implementation
from app.domain.planning.implementation_list import ImplementationList


class Mode(StrEnum):
    """How a guest learns of CPUs: from the whole list, or only from what its vCPUs present (rule 6)."""

    DISCOVERABLE = "discoverable"
    HOMOGENEOUS = "homogeneous"


class ModeReason(StrEnum):
    """Why a boot is homogeneous."""

    GUEST_CANNOT_DISCOVER = "guest_cannot_discover"
    LACKS_WRITABLE_ID_REGISTERS = "lacks_writable_id_registers"
    LACKS_DISCOVERY_HYPERCALLS = "lacks_discovery_hypercalls"


class LeftOut(NamedTuple):
    """An implementation of the universe that would weaken the guest if it were listed (rule 12)."""

    implementation: Implementation
    hosts: int
    """How many hosts of the universe have it."""
    hazards: tuple[str, ...]
    """Ids of the tables that forbid it beside the boot host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The list of a boot on a host, with all that was decided on the way."""

    host: str
    cpus: CpuList | None
    """The host's CPUs the VM is pinned to; None where it is not."""
    own: tuple[Implementation, ...]
    """What those CPUs reported then, by the lowest CPU that has each. A composed list begins with them."""
    list: ImplementationList
    mode: Mode
    mode_reasons: tuple[ModeReason, ...]
    fleet_revision: int
    left_out: tuple[LeftOut, ...] = ()
    accepted_hazards: tuple[str, ...] = ()
    """Ids of the tables that weaken the guest on this list, accepted by its placement."""
