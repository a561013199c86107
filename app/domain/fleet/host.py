"""A host: what it reports of its CPUs, and what its operator says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from app.domain.cpu.identity import Identity

MAX_LABELS: Final = 256


class HostState(StrEnum):
    """Life of a host; rule 2. Only `active` hosts receive VMs; all but `retired` ones shape the next lists."""

    PLANNED = "planned"
    ACTIVE = "active"
    CORDONED = "cordoned"
    MAINTENANCE = "maintenance"
    RETIRED = "retired"


UNREADABLE: Final = Identity(())
"""Stands for what a host reported where the database has it in no form that can be read: nothing of it is known."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a host can do for a migrating guest (rule 4). None is unknown, and counts as no."""

    writable_id_registers: bool | None = None
    """KVM_CAP_ARM_WRITABLE_IMP_ID_REGS (Linux 6.15): the guest keeps its MIDR, REVIDR and AIDR after the move."""
    discovery_hypercalls: bool | None = None
    """KVM forwards DISCOVER_IMPL_* and the VMM answers them."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the host offers to VMs."""

    vcpus: int
    memory_mib: int


@dataclass(frozen=True, slots=True)
class Host:
    """One host of the inventory, whole."""

    name: str
    state: HostState
    labels: Mapping[str, str]
    identity: Identity
    capabilities: Capabilities
    capacity: Capacity | None
    kernel_release: str | None
    vmm: str | None
    observed_at: datetime
    """When the host was last looked at. A report that changes nothing else is a heartbeat."""


class LinedHost(NamedTuple):
    """A host of an import, with the number of the line it came in, counted from 1."""

    line: int
    host: Host


@dataclass(frozen=True, slots=True)
class HostRecord:
    """A host as the inventory keeps it."""

    host: Host
    revision: int
    """Fleet revision of its last change; a heartbeat is none."""
    created_at: datetime
    updated_at: datetime

    @property
    def tag(self) -> str:
        """Changes with everything a reader can see, heartbeats too: a strong validator (RFC 9110, 8.8.1)."""
        return f"{self.revision}-{int(self.host.observed_at.timestamp() * 1_000_000):x}"
