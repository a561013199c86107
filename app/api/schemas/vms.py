"""VMs, placements and boots on the wire."""

from typing import Annotated, Self

from pydantic import Field, StrictBool, StrictInt, StringConstraints, model_validator

from app.api.schemas.common import (
    AcceptedHazards,
    BootNumberOut,
    CpuListField,
    DigestOut,
    HostNameOut,
    In,
    KernelReleaseOut,
    LabelKey,
    LabelsOut,
    LabelValue,
    MigrationIdOut,
    Name,
    NextCursor,
    Out,
    RegistersIn,
    Text,
    VmNameOut,
    example,
)
from app.domain.adoption import Exposed
from app.domain.implementation_list import ImplementationList
from app.domain.placement import DEFAULT_MAX_IMPLEMENTATIONS, Operator, Placement, Requirement, Selector
from app.domain.plan import Mode
from app.domain.reference import ReferenceData
from app.domain.vm import Guest, Resources, VmDefinition, VmRecord, VmState
from app.domain.warnings import warnings

MAX_IMPLEMENTATIONS = 65_536
_MANY = 100_000

HazardId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,100}$")]


class RequirementIn(In):
    """A condition on one label. NotIn and DoesNotExist also hold on hosts without the key."""

    key: LabelKey
    operator: Operator
    values: list[LabelValue] = Field(default_factory=list, max_length=1000)

    @model_validator(mode="after")
    def _values_where_asked(self) -> Self:
        wants_values = self.operator in (Operator.IN, Operator.NOT_IN)
        if wants_values != bool(self.values):
            message = f"{self.operator} takes {'at least one value' if wants_values else 'no values'}"
            raise ValueError(message)
        return self

    def to_domain(self) -> Requirement:
        return Requirement(self.key, self.operator, tuple(self.values))


class SelectorIn(In):
    """A Kubernetes label selector; all conditions must hold, and one without conditions matches every host."""

    match_labels: dict[LabelKey, LabelValue] = Field(default_factory=dict, max_length=256)
    match_expressions: list[RequirementIn] = Field(default_factory=list, max_length=256)

    def to_domain(self) -> Selector:
        return Selector(self.match_labels, tuple(each.to_domain() for each in self.match_expressions))


class PlacementIn(In):
    """Where the VM may run. `exclude_hosts` always wins; the selector holds in any case."""

    selector: SelectorIn | None = Field(None, description="null matches all hosts.")
    include_hosts: list[Name] = Field(
        default_factory=list, max_length=_MANY, description="If not empty, only these hosts."
    )
    exclude_hosts: list[Name] = Field(default_factory=list, max_length=_MANY)
    max_implementations: StrictInt = Field(DEFAULT_MAX_IMPLEMENTATIONS, ge=1, le=MAX_IMPLEMENTATIONS)
    accept_hazards: list[HazardId] = Field(
        default_factory=list,
        max_length=100,
        description="Ids of tables for which a list may weaken the guest. Shown in every later answer.",
    )

    def to_domain(self) -> Placement:
        return Placement(
            self.selector.to_domain() if self.selector else Selector(),
            tuple(self.include_hosts),
            tuple(self.exclude_hosts),
            self.max_implementations,
            tuple(self.accept_hazards),
        )


class GuestIn(In):
    discovers_implementations: StrictBool = Field(
        description="Whether the guest asks for the list: Linux 6.15 or later. No default: guessing corrupts guests."
    )
    kernel_release: Text | None = Field(None, description="For advice only.", examples=["6.18.15"])

    def to_domain(self) -> Guest:
        return Guest(self.discovers_implementations, self.kernel_release)


class ResourcesIn(In):
    vcpus: StrictInt = Field(ge=0, le=2**31 - 1)
    memory_mib: StrictInt = Field(ge=0, le=2**53 - 1)

    def to_domain(self) -> Resources:
        return Resources(self.vcpus, self.memory_mib)


EXAMPLE_VM = {
    "placement": {"selector": {"match_labels": {"zone": "fra1"}}, "max_implementations": 64},
    "guest": {"discovers_implementations": True, "kernel_release": "6.18.15"},
    "resources": {"vcpus": 4, "memory_mib": 8192},
}


class VmIn(In):
    """A VM: where it may run, and what its guest can do."""

    model_config = In.model_config | example(EXAMPLE_VM)

    placement: PlacementIn = PlacementIn()
    guest: GuestIn
    resources: ResourcesIn | None = None

    def to_domain(self) -> VmDefinition:
        resources = self.resources.to_domain() if self.resources else None
        return VmDefinition(self.placement.to_domain(), self.guest.to_domain(), resources)


class RequirementOut(Out):
    key: str
    operator: Operator
    values: list[str]


class SelectorOut(Out):
    match_labels: LabelsOut
    match_expressions: list[RequirementOut]


class PlacementOut(Out):
    selector: SelectorOut
    include_hosts: list[str]
    exclude_hosts: list[str]
    max_implementations: int
    accept_hazards: list[str]

    @classmethod
    def from_domain(cls, placement: Placement) -> "PlacementOut":
        return cls(
            selector=SelectorOut(
                match_labels=dict(placement.selector.match_labels),
                match_expressions=[
                    RequirementOut(key=each.key, operator=each.operator, values=list(each.values))
                    for each in placement.selector.match_expressions
                ],
            ),
            include_hosts=list(placement.include_hosts),
            exclude_hosts=list(placement.exclude_hosts),
            max_implementations=placement.max_implementations,
            accept_hazards=list(placement.accept_hazards),
        )


class GuestOut(Out):
    discovers_implementations: bool
    kernel_release: KernelReleaseOut


class ResourcesOut(Out):
    vcpus: int
    memory_mib: int


class WarningOut(Out):
    code: str
    detail: str


class VmOut(Out):
    """A VM as it stands now."""

    name: VmNameOut
    state: VmState
    placement: PlacementOut
    guest: GuestOut
    resources: ResourcesOut | None
    host: HostNameOut | None
    boot: BootNumberOut | None
    mode: Mode | None
    implementation_list: DigestOut | None
    exposed: bool = Field(description="Its host has registers that its sealed list does not cover.")
    migration: MigrationIdOut | None = Field(description="The open one.")
    accepted_hazards: AcceptedHazards
    warnings: list[WarningOut]

    @classmethod
    def from_record(cls, record: VmRecord, reference: ReferenceData) -> "VmOut":
        vm, guest, resources = record.vm, record.vm.definition.guest, record.vm.definition.resources
        plan = vm.boot.plan if vm.boot else None
        return cls(
            name=vm.name,
            state=vm.state,
            placement=PlacementOut.from_domain(vm.definition.placement),
            guest=GuestOut(
                discovers_implementations=guest.discovers_implementations, kernel_release=guest.kernel_release
            ),
            resources=ResourcesOut(vcpus=resources.vcpus, memory_mib=resources.memory_mib) if resources else None,
            host=vm.host,
            boot=vm.boot.number if vm.boot else None,
            mode=plan.mode if plan else None,
            implementation_list=plan.list.digest if plan else None,
            exposed=vm.exposed,
            migration=vm.migration,
            accepted_hazards=list(plan.accepted_hazards) if plan else [],
            warnings=[WarningOut(code=each.code, detail=each.detail) for each in warnings(vm, reference)],
        )


class VmsOut(Out):
    items: list[VmOut]
    next_cursor: NextCursor


class AdoptIn(In):
    """What the VMM of a VM that already runs tells its guest, exactly."""

    mode: Mode
    implementations: list[RegistersIn] = Field(min_length=1, max_length=MAX_IMPLEMENTATIONS)

    @model_validator(mode="after")
    def _one_if_homogeneous(self) -> Self:
        if self.mode is Mode.HOMOGENEOUS and len(self.implementations) > 1:
            message = "in homogeneous mode the guest knows one implementation: the one its vCPUs present"
            raise ValueError(message)
        return self

    def to_domain(self) -> Exposed:
        return Exposed(self.mode, ImplementationList(tuple(each.to_domain() for each in self.implementations)))


class BootIn(In):
    """A start of the VM's VMM on a host; with `adopt`, one that happened before the service knew of it."""

    model_config = In.model_config | example({"host": "fra1-r01-n02"})

    host: Name
    cpus: CpuListField | None = Field(None, description="CPUs of the host that the VM is pinned to.")
    adopt: AdoptIn | None = None
