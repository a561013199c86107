"""VMs on the wire."""

from pydantic import Field, StrictInt

from app.api.models.common import (
    AcceptedHazards,
    BootNumberOut,
    DigestOut,
    HostNameOut,
    In,
    MigrationIdOut,
    NextCursor,
    Out,
    VmNameOut,
    Warnings,
    example,
    warned,
)
from app.api.models.guests import GuestIn, GuestOut
from app.api.models.placements import PlacementIn, PlacementOut
from app.domain.planning.plan import Mode
from app.domain.vms.advice import AdvisedVm
from app.domain.vms.vm import Resources, VmDefinition, VmState


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


class ResourcesOut(Out):
    vcpus: int
    memory_mib: int


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
    warnings: Warnings

    @classmethod
    def from_domain(cls, advised: AdvisedVm) -> "VmOut":
        vm = advised.record.vm
        guest, resources, running = vm.definition.guest, vm.definition.resources, vm.running
        plan = running.boot.plan if running else None
        return cls(
            name=vm.name,
            state=vm.state,
            placement=PlacementOut.from_domain(vm.definition.placement),
            guest=GuestOut(
                discovers_implementations=guest.discovers_implementations, kernel_release=guest.kernel_release
            ),
            resources=ResourcesOut(vcpus=resources.vcpus, memory_mib=resources.memory_mib) if resources else None,
            host=running.host if running else None,
            boot=running.boot.number if running else None,
            mode=plan.mode if plan else None,
            implementation_list=plan.list.digest if plan else None,
            exposed=vm.exposed,
            migration=running.migration if running else None,
            accepted_hazards=list(plan.accepted_hazards) if plan else [],
            warnings=warned(advised.advice),
        )


class VmsOut(Out):
    items: list[VmOut]
    next_cursor: NextCursor
