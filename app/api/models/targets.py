"""Where a VM may go, on the wire."""

from pydantic import Field

from app.api.models.common import (
    AcceptedHazards,
    Admissible,
    FleetRevision,
    HostNameOut,
    ImplementationOut,
    NextCursor,
    OpenMigration,
    Out,
    VmNameOut,
)
from app.api.models.reasons import ReasonOut, ReasonPage
from app.api.reason_types import page_of
from app.domain.cpu.cpu_names import CpuNames
from app.domain.fleet.fleet import FleetHost
from app.domain.planning.comparison import Comparison
from app.domain.planning.eligibility import Rejection
from app.domain.planning.reasons import ReasonCode
from app.services.targets import Rejections, Verdict


class TargetOut(Out):
    host: HostNameOut
    implementations: list[ImplementationOut]

    @classmethod
    def from_domain(cls, host: FleetHost, names: CpuNames) -> "TargetOut":
        reported = host.identity.reported
        return cls(host=host.name, implementations=[ImplementationOut.from_domain(each, names) for each in reported])


class TargetsOut(Out):
    """Hosts to which the VM may move now, by name."""

    vm: VmNameOut
    fleet_revision: FleetRevision
    total: int
    items: list[TargetOut]
    next_cursor: NextCursor
    accepted_hazards: AcceptedHazards
    admissible: Admissible
    migration: OpenMigration
    summary: str = Field(examples=["12 of 40 hosts are targets of vm-1 on h1."])


class ComparisonOut(Out):
    """An implementation of the host, and what the list has nearest to it: itself, if it is listed."""

    implementation: ImplementationOut
    nearest_listed: ImplementationOut | None = Field(description="null where a register of the host is unknown.")
    differing_registers: list[str] = Field(examples=[[]])

    @classmethod
    def from_domain(cls, comparison: Comparison, names: CpuNames) -> "ComparisonOut":
        nearest = comparison.nearest_listed
        return cls(
            implementation=ImplementationOut.from_domain(comparison.reported, names),
            nearest_listed=nearest and ImplementationOut.from_domain(nearest, names),
            differing_registers=list(comparison.differing_registers),
        )


class VerdictOut(Out):
    vm: VmNameOut
    fleet_revision: FleetRevision
    host: HostNameOut
    eligible: bool = Field(description="Nothing speaks against the host.")
    admissible: Admissible
    migration: OpenMigration
    reasons: list[ReasonOut]
    comparison: list[ComparisonOut] = Field(description="The host's registers beside the list, side by side.")
    accepted_hazards: AcceptedHazards

    @classmethod
    def from_domain(cls, vm: str, verdict: Verdict, names: CpuNames) -> "VerdictOut":
        return cls(
            vm=vm,
            fleet_revision=verdict.fleet_revision,
            host=verdict.host,
            eligible=not verdict.reasons,
            admissible=verdict.migration is None,
            migration=verdict.migration,
            reasons=[ReasonOut.from_domain(reason, names) for reason in verdict.reasons],
            comparison=[ComparisonOut.from_domain(each, names) for each in verdict.comparison],
            accepted_hazards=list(verdict.accepted_hazards),
        )


class RejectionOut(Out):
    code: ReasonCode
    help: ReasonPage
    hosts: int
    examples: list[str] = Field(description="The first few of them by name.")

    @classmethod
    def from_domain(cls, rejection: Rejection) -> "RejectionOut":
        examples = list(rejection.examples)
        return cls(code=rejection.code, help=page_of(rejection.code), hosts=rejection.hosts, examples=examples)


class RejectionsOut(Out):
    """Why hosts are no targets. A host with several reasons counts under each; `total` counts it once."""

    vm: VmNameOut
    fleet_revision: FleetRevision
    total: int
    items: list[RejectionOut]
    accepted_hazards: AcceptedHazards

    @classmethod
    def from_domain(cls, vm: str, found: Rejections) -> "RejectionsOut":
        items = [RejectionOut.from_domain(each) for each in found.items]
        return cls(
            vm=vm,
            fleet_revision=found.fleet_revision,
            total=found.total,
            items=items,
            accepted_hazards=list(found.accepted_hazards),
        )
