"""What the service answers, as it stands on the wire: plain dictionaries, annotated and not validated.

A later release may add keys. Registers are strings of `0x` and 16 digits, times are RFC 3339.
"""

from typing import Any, Generic, Literal, TypedDict, TypeVar

T = TypeVar("T")

HostState = Literal["planned", "active", "cordoned", "maintenance", "retired"]
VmState = Literal["defined", "running", "migrating"]
MigrationState = Literal["admitted", "overdue", "completed", "failed"]
Mode = Literal["discoverable", "homogeneous"]

HostsByState = dict[HostState, int]


class Page(TypedDict, Generic[T]):
    """Some items of a list."""

    items: list[T]
    next_cursor: str | None


class Registers(TypedDict):
    midr: str
    revidr: str
    aidr: str


class Implementation(TypedDict):
    midr: str
    revidr: str
    aidr: str | None
    """None where a host could not read it: unknown, never 0."""
    name: str


class CpuGroup(TypedDict):
    cpu_list: str | None
    midr: str
    revidr: str
    aidr: str | None


class Capabilities(TypedDict):
    """None is unknown, and counts as no."""

    writable_id_registers: bool | None
    discovery_hypercalls: bool | None


class Resources(TypedDict):
    vcpus: int
    memory_mib: int


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


class FleetImplementation(Implementation):
    implementer: int
    variant: int
    architecture: int
    part_number: int
    revision: int
    hosts: HostsByState


class FleetImplementationPage(Page[FleetImplementation]):
    fleet_revision: int


class Requirement(TypedDict):
    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: list[str]


class Selector(TypedDict):
    match_labels: dict[str, str]
    match_expressions: list[Requirement]


class Placement(TypedDict):
    selector: Selector
    include_hosts: list[str]
    exclude_hosts: list[str]
    max_implementations: int
    accept_hazards: list[str]


class Guest(TypedDict):
    discovers_implementations: bool
    kernel_release: str | None


class Note(TypedDict):
    code: str
    detail: str


class Vm(TypedDict):
    name: str
    state: VmState
    placement: Placement
    guest: Guest
    resources: Resources | None
    host: str | None
    boot: int | None
    mode: Mode | None
    implementation_list: str | None
    exposed: bool
    migration: str | None
    accepted_hazards: list[str]
    warnings: list[Note]


class ListEntry(Implementation):
    index: int


class LeftOut(TypedDict):
    implementation: Implementation
    hosts: int
    hazards: list[str]


class ListContent(TypedDict):
    version: str
    count: int
    implementations: list[ListEntry]
    digest: str


class PlannedList(ListContent):
    """What a boot on a host gets."""

    host: str
    cpus: str | None
    fleet_revision: int
    mode: Mode
    mode_reasons: list[str]
    vcpu_identity: Registers
    left_out: list[LeftOut]
    accepted_hazards: list[str]


class ImplementationList(PlannedList):
    """The list that a boot sealed."""

    vm: str
    boot: int
    sealed_at: str
    adopted: bool


class Unlisted(TypedDict):
    """An implementation of a host that a list does not have, beside the nearest that it has."""

    implementation: Implementation
    nearest_listed: Implementation
    differing_registers: list[Literal["midr", "revidr", "aidr"]]


class _Unlisted(TypedDict, total=False):
    unlisted: list[Unlisted]
    """With `implementation_not_listed`."""


class Reason(_Unlisted):
    """Why a host is refused."""

    code: str
    detail: str
    remedy: str
    lasting: bool
    """Waiting does not help: only a new boot or other hardware does."""


class Fault(TypedDict):
    pointer: str
    detail: str
    location: str


class Target(TypedDict):
    host: str
    implementations: list[Implementation]


class TargetPage(Page[Target]):
    vm: str
    fleet_revision: int
    total: int
    accepted_hazards: list[str]
    summary: str


class Verdict(TypedDict):
    vm: str
    fleet_revision: int
    host: str
    eligible: bool
    reasons: list[Reason]
    accepted_hazards: list[str]


class Rejection(TypedDict):
    code: str
    hosts: int
    examples: list[str]


class Rejections(TypedDict):
    vm: str
    fleet_revision: int
    total: int
    items: list[Rejection]
    accepted_hazards: list[str]


class Migration(TypedDict):
    id: str
    vm: str
    source: str
    target: str
    state: MigrationState
    overdue: bool
    implementation_list: str
    admitted_at: str
    closed_at: str | None


# `class` is no name for an attribute, so this one is written as a call.
Applied = TypedDict(
    "Applied",
    {
        "id": str,
        "class": str,
        "title": str,
        "log": str | None,
        "implementations": list[Implementation],
        "decided_by_identity_alone": bool,
        "depends_also_on": str | None,
        "config": list[str],
        "only_other_hosts": bool | None,
    },
)


class BelievedSafe(TypedDict):
    id: str
    title: str
    implementations: list[Implementation]
    not_safe: list[Implementation]
    hazard: bool
    config: list[str]
    since: str | None


class Effects(TypedDict):
    digest: str
    kernel: str
    tables: str
    applies: list[Applied]
    believes_safe: list[BelievedSafe]
    hazards: list[str]
    notes: list[Note]


class PreviewedTargets(TypedDict):
    total: int
    items: list[Target]


class Preview(TypedDict):
    implementation_list: PlannedList
    targets: PreviewedTargets
    effects: Effects
    fleet_revision: int


class ModelRange(TypedDict):
    implementer: str
    part: str
    min: str
    max: str
    config: list[str]
    since: str | None


Erratum = TypedDict(
    "Erratum",
    {
        "id": str,
        "class": str,
        "title": str,
        "rule": Literal["any_affected", "any_safe"],
        "hazard_table": bool,
        "el2_only": bool,
        "log": str | None,
        "log_when": str | None,
        "ranges": list[ModelRange],
        "fixed": list[dict[str, Any]],
        "decided_by_identity_alone": bool,
        "depends_also_on": str | None,
        "config": list[str],
        "since": str | None,
        "source": str,
    },
)


class ErratumPage(Page[Erratum]):
    tables: str


class Concern(Erratum):
    """An erratum with those of the fleet that it concerns."""

    tables: str
    fleet_revision: int
    implementations: list[Implementation]
    hosts: HostsByState


class Pooled(Implementation):
    errata: list[str]


class Group(TypedDict):
    """Implementations that may all share one list."""

    implementations: list[Implementation]
    hosts: HostsByState


class Pair(TypedDict):
    """Two implementations, by index, that may not share a list."""

    a: int
    b: int
    share: Literal[False]
    forbidden_by: list[str]
    a_adds: list[str]
    b_adds: list[str]


class Compatibility(TypedDict):
    fleet_revision: int
    tables: str
    implementations: list[Pooled]
    groups: list[Group]
    pairs: list[Pair]
