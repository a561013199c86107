"""Hosts of the inventory, and what they reported."""

from collections.abc import Mapping, Sequence
from typing import Literal, Required, TypedDict

from roadstead.client.documents.common import Implementation, Page, Register, Resources, Warned

HostState = Literal["planned", "active", "cordoned", "maintenance", "retired"]

HostsByState = dict[HostState, int]


class CpuGroup(TypedDict):
    cpu_list: str | None
    midr: str
    revidr: str
    aidr: str | None


class Capabilities(TypedDict):
    """None is unknown, and counts as no."""

    writable_id_registers: bool | None
    discovery_hypercalls: bool | None


class Host(TypedDict):
    name: str
    state: HostState
    labels: dict[str, str]
    cpus: list[CpuGroup]
    capabilities: Capabilities
    capacity: Resources | None
    kernel_release: str | None
    vmm: str | None
    observed_at: str
    implementations: list[Implementation]
    identity_complete: bool
    unreadable: bool
    warnings: list[Warned]
    fleet_revision: int
    created_at: str
    updated_at: str


class HostPage(Page[Host]):
    fleet_revision: int


class Period(TypedDict):
    since: str
    until: str | None
    reported_by: str
    fleet_revision: int


class ReportedIdentity(TypedDict):
    """One set of registers that a host reported, with every period in which it did."""

    cpus: list[CpuGroup]
    implementations: list[Implementation]
    identity_complete: bool
    first_reported_at: str
    current: bool
    periods: list[Period]


class HostHistory(TypedDict):
    host: str
    items: list[ReportedIdentity]


class Imported(TypedDict):
    created: int
    updated: int
    unchanged: int
    fleet_revision: int
    dry_run: bool


class CpuGroupInput(TypedDict, total=False):
    midr: Required[Register]
    revidr: Required[Register]
    cpu_list: str | None
    """Needed where a host has more than one kind of CPU."""
    aidr: Register | None
    """None is unknown. Left out it was not read: what is known of these CPUs stays while MIDR and REVIDR do."""


class CapabilitiesInput(TypedDict, total=False):
    writable_id_registers: bool | None
    discovery_hypercalls: bool | None


class HostInput(TypedDict, total=False):
    """A host as its operator and its collector describe it."""

    cpus: Required[Sequence[CpuGroupInput]]
    state: HostState
    labels: Mapping[str, str]
    capabilities: CapabilitiesInput
    capacity: Resources | None
    kernel_release: str | None
    vmm: str | None
    observed_at: str | None


class HostPatch(TypedDict, total=False):
    """Changes to a host (JSON merge patch): what is left out stays, None takes away."""

    cpus: Sequence[CpuGroupInput]
    state: HostState | None
    labels: Mapping[str, str | None] | None
    capabilities: CapabilitiesInput | None
    capacity: Resources | None
    kernel_release: str | None
    vmm: str | None
    observed_at: str | None
