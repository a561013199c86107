"""A host: what it reports of its CPUs, and what its operator says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

from typing_extensions import override

from app.domain.cpulist import CpuList
from app.domain.implementation import Implementation, ReportedImplementation


class HostState(StrEnum):
    """Life of a host; rule 2. Only `active` hosts receive VMs; all but `retired` ones shape the next lists."""

    PLANNED = "planned"
    ACTIVE = "active"
    CORDONED = "cordoned"
    MAINTENANCE = "maintenance"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class CpuGroup:
    """CPUs of a host that report the same registers. `cpus` may be None on a host with one group: all of them."""

    cpus: CpuList | None
    reported: ReportedImplementation

    @property
    def lowest_cpu(self) -> int:
        return self.cpus.lowest if self.cpus else 0


@dataclass(frozen=True)
class Identity:
    """The registers of all CPUs of a host, as it last reported them. Groups do not overlap."""

    groups: tuple[CpuGroup, ...]
    """None at all where what was stored cannot be read: see `UNREADABLE`."""

    @override
    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # A snapshot looks identities up once for every host; there are far fewer identities than hosts.
        return hash(self.groups)

    @cached_property
    def reported(self) -> tuple[ReportedImplementation, ...]:
        """Distinct implementations by the lowest CPU that has each, unknown registers included."""
        return _distinct_by_lowest_cpu(self.groups)

    @cached_property
    def known(self) -> frozenset[Implementation]:
        """The fully known implementations."""
        return frozenset(known for reported in self.reported if (known := reported.known))

    @property
    def readable(self) -> bool:
        return bool(self.groups)

    @cached_property
    def complete(self) -> bool:
        """Whether every register of every CPU is known (rule 1)."""
        return self.readable and all(reported.known for reported in self.reported)

    def on_cpus(self, cpus: CpuList | None) -> tuple[ReportedImplementation, ...]:
        """Distinct implementations of some CPUs, by the lowest CPU that has each; of all CPUs for None."""
        if cpus is None:
            return self.reported
        return _distinct_by_lowest_cpu(tuple(_restricted(group, cpus) for group in self.groups if _on(group, cpus)))

    def missing(self, cpus: CpuList) -> CpuList:
        """Those of `cpus` that no group has. A group without a cpulist has every CPU."""
        for group in self.groups:
            cpus = CpuList(0) if group.cpus is None else cpus - group.cpus
        return cpus


UNREADABLE: Final = Identity(())
"""Stands for what a host reported where the database has it in no form that can be read: nothing of it is known."""


def _distinct_by_lowest_cpu(groups: tuple[CpuGroup, ...]) -> tuple[ReportedImplementation, ...]:
    by_cpu = sorted(groups, key=lambda group: group.lowest_cpu)
    return tuple(dict.fromkeys(group.reported for group in by_cpu))


def _on(group: CpuGroup, cpus: CpuList) -> bool:
    return group.cpus is None or group.cpus.overlaps(cpus)


def _restricted(group: CpuGroup, cpus: CpuList) -> CpuGroup:
    return CpuGroup(cpus if group.cpus is None else CpuList(group.cpus.mask & cpus.mask), group.reported)


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


@dataclass(frozen=True, slots=True)
class IdentityPeriod:
    """A time in which a host reported one identity. `until` is None while it still does."""

    identity: Identity
    since: datetime
    until: datetime | None
    reported_by: str
    revision: int
    """Fleet revision at which the period began."""
