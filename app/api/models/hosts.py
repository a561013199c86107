"""Hosts on the wire."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictBool, StrictInt

from app.api.models.common import (
    CpuListField,
    FleetRevision,
    HostNameOut,
    ImplementationOut,
    In,
    KernelReleaseOut,
    LabelKey,
    LabelsOut,
    LabelValue,
    MidrIn,
    Moment,
    NextCursor,
    Out,
    RegisterIn,
    RegisterOut,
    Text,
    Warnings,
    example,
    warned,
)
from app.domain.cpu.cpu_names import CpuNames
from app.domain.cpu.cpulist import CpuList
from app.domain.cpu.identity import CpuGroup, Identity
from app.domain.cpu.implementation import ReportedImplementation
from app.domain.fleet.capabilities import DISCOVERY_HYPERCALLS, WRITABLE_ID_REGISTERS, Capabilities
from app.domain.fleet.history import IdentityPeriod, PastIdentity
from app.domain.fleet.host import MAX_LABELS, Capacity, Host, HostRecord, HostState, Profile
from app.domain.planning.advice import host_advice

MAX_GROUPS = 1024


EXAMPLE_HOST = {
    "state": "active",
    "labels": {"zone": "fra1", "rack": "r03"},
    "cpus": [{"cpu_list": "0-79", "midr": "0x413fd0c1", "revidr": "0x0", "aidr": "0x0"}],
    "capabilities": {"writable_id_registers": True, "discovery_hypercalls": True},
    "capacity": {"vcpus": 80, "memory_mib": 262144},
    "kernel_release": "6.17.3",
    "vmm": "qemu 10.2",
    "observed_at": "2026-11-22T10:00:00Z",
}


class CpuGroupIn(In):
    """CPUs that report the same registers."""

    cpu_list: CpuListField | None = Field(None, description="Optional where there is one group: all CPUs.")
    midr: MidrIn
    revidr: RegisterIn
    aidr: RegisterIn | None = Field(
        None,
        description="null is unknown, never 0. Left out where it was not read: what is known of these CPUs then stays, "
        "as long as their MIDR and REVIDR do.",
    )

    def to_domain(self) -> CpuGroup:
        return CpuGroup(self.cpu_list, ReportedImplementation(self.midr, self.revidr, self.aidr))


def _apart(groups: list[CpuGroupIn]) -> list[CpuGroupIn]:
    if len(groups) == 1:
        return groups
    taken = CpuList(0)
    for position, group in enumerate(groups):
        if group.cpu_list is None:
            message = f"group {position} has no cpu_list, which only a single group may leave out"
            raise ValueError(message)
        if taken.overlaps(group.cpu_list):
            message = f"group {position} has CPUs of an earlier group: {CpuList(taken.mask & group.cpu_list.mask)}"
            raise ValueError(message)
        taken |= group.cpu_list
    return groups


class CapabilitiesIn(In):
    """What the host can do for a migrating guest; null is unknown, and counts as no."""

    writable_id_registers: StrictBool | None = Field(None, description=WRITABLE_ID_REGISTERS.meaning)
    discovery_hypercalls: StrictBool | None = Field(None, description=DISCOVERY_HYPERCALLS.meaning)

    def to_domain(self) -> Capabilities:
        return Capabilities(**dict(self))


class CapacityIn(In):
    vcpus: StrictInt = Field(ge=0, le=2**31 - 1)
    memory_mib: StrictInt = Field(ge=0, le=2**53 - 1)

    def to_domain(self) -> Capacity:
        return Capacity(self.vcpus, self.memory_mib)


class OneOfAKind(In):
    """What tells hosts of one kind apart."""

    labels: dict[LabelKey, LabelValue] = Field(default_factory=dict, max_length=MAX_LABELS)
    observed_at: Moment | None = Field(None, description="Defaults to the time of the request.")


class HostIn(OneOfAKind):
    """A host as its operator and its collector describe it. Only `cpus` is required."""

    model_config = In.model_config | example(EXAMPLE_HOST)

    state: HostState = HostState.ACTIVE
    cpus: Annotated[list[CpuGroupIn], Field(min_length=1, max_length=MAX_GROUPS), AfterValidator(_apart)]
    capabilities: CapabilitiesIn = CapabilitiesIn()
    capacity: CapacityIn | None = None
    kernel_release: Text | None = None
    vmm: Text | None = None

    def to_domain(self, name: str, now: datetime) -> Host:
        return Host(
            name=name,
            state=self.state,
            labels=self.labels,
            profile=self._profile(),
            observed_at=self.observed_at or now,
        )

    @property
    def unread(self) -> frozenset[int]:
        """Positions of the groups that say nothing of AIDR."""
        return frozenset(at for at, group in enumerate(self.cpus) if "aidr" not in group.model_fields_set)

    def _profile(self) -> Profile:
        return Profile(
            identity=Identity(tuple([group.to_domain() for group in self.cpus])),
            capabilities=self.capabilities.to_domain(),
            capacity=self.capacity.to_domain() if self.capacity else None,
            kernel_release=self.kernel_release,
            vmm=self.vmm,
        )


class CpuGroupOut(Out):
    cpu_list: str | None = Field(examples=["0-63"])
    midr: RegisterOut
    revidr: RegisterOut
    aidr: RegisterOut | None

    @classmethod
    def from_domain(cls, group: CpuGroup) -> "CpuGroupOut":
        return cls(cpu_list=None if group.cpus is None else str(group.cpus), **group.reported._asdict())


class CapabilitiesOut(Out):
    writable_id_registers: bool | None
    discovery_hypercalls: bool | None

    @classmethod
    def from_domain(cls, capabilities: Capabilities) -> "CapabilitiesOut":
        return cls(**dict(capabilities.answers))


class CapacityOut(Out):
    vcpus: int
    memory_mib: int

    @classmethod
    def from_domain(cls, capacity: Capacity) -> "CapacityOut":
        return cls(vcpus=capacity.vcpus, memory_mib=capacity.memory_mib)


class HostReport(Out):
    """What was reported of a host, in the form in which it can be put again."""

    state: HostState
    labels: LabelsOut
    cpus: list[CpuGroupOut]
    capabilities: CapabilitiesOut
    capacity: CapacityOut | None
    kernel_release: KernelReleaseOut
    vmm: str | None = Field(examples=["qemu 10.2"])
    observed_at: datetime


def _reported(host: Host) -> dict[str, Any]:
    profile = host.profile
    return {
        "state": host.state,
        "labels": dict(host.labels),
        "cpus": [CpuGroupOut.from_domain(group) for group in profile.identity.groups],
        "capabilities": CapabilitiesOut.from_domain(profile.capabilities),
        "capacity": CapacityOut.from_domain(profile.capacity) if profile.capacity else None,
        "kernel_release": profile.kernel_release,
        "vmm": profile.vmm,
        "observed_at": host.observed_at,
    }


class HostOut(HostReport):
    """A host of the inventory."""

    name: HostNameOut
    implementations: list[ImplementationOut] = Field(description="Distinct, by the lowest CPU that has each.")
    identity_complete: bool = Field(description="Whether every register of every CPU is known.")
    unreadable: bool = Field(
        description="What is stored of it cannot be read, so it is no target and covers no VM. Report it again."
    )
    warnings: Warnings
    fleet_revision: FleetRevision = Field(description="The fleet revision of its last change.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_record(cls, record: HostRecord, names: CpuNames) -> "HostOut":
        identity = record.host.identity
        return cls(
            **_reported(record.host),
            name=record.host.name,
            implementations=[ImplementationOut.from_domain(each, names) for each in identity.reported],
            identity_complete=identity.complete,
            unreadable=not identity.readable,
            warnings=warned(host_advice(record.host.profile)),
            fleet_revision=record.revision,
            created_at=record.created_at,
            updated_at=record.updated_at,
        )


class HostsOut(Out):
    items: list[HostOut]
    next_cursor: NextCursor
    fleet_revision: FleetRevision


class PeriodOut(Out):
    since: datetime
    until: datetime | None = Field(description="null while the host still reports this.")
    reported_by: str
    fleet_revision: FleetRevision

    @classmethod
    def from_domain(cls, period: IdentityPeriod) -> "PeriodOut":
        return cls(
            since=period.since, until=period.until, reported_by=period.reported_by, fleet_revision=period.revision
        )


class HistoryItemOut(Out):
    """One set of registers that the host reported, with every period in which it did."""

    cpus: list[CpuGroupOut]
    implementations: list[ImplementationOut]
    identity_complete: bool
    first_reported_at: datetime
    current: bool
    periods: list[PeriodOut]

    @classmethod
    def from_domain(cls, past: PastIdentity, names: CpuNames) -> "HistoryItemOut":
        identity = past.identity
        return cls(
            cpus=[CpuGroupOut.from_domain(group) for group in identity.groups],
            implementations=[ImplementationOut.from_domain(each, names) for each in identity.reported],
            identity_complete=identity.complete,
            first_reported_at=past.periods[0].since,
            current=past.current,
            periods=[PeriodOut.from_domain(period) for period in past.periods],
        )


class HistoryOut(Out):
    """Every distinct set of registers that a host of this name ever reported, in the order of first sight."""

    host: HostNameOut
    items: list[HistoryItemOut]

    @classmethod
    def from_domain(cls, host: str, past: Sequence[PastIdentity], names: CpuNames) -> "HistoryOut":
        return cls(host=host, items=[HistoryItemOut.from_domain(each, names) for each in past])
