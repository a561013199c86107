"""Targets, verdicts, rejections, previews and migrations on the wire."""

from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from app.api.schemas.common import (
    AcceptedHazards,
    CpuListField,
    DigestOut,
    FleetRevision,
    HostNameOut,
    ImplementationOut,
    In,
    MigrationIdOut,
    Name,
    NextCursor,
    Out,
    VmNameOut,
    example,
)
from app.api.schemas.effects import EffectsOut
from app.api.schemas.lists import PlanOut
from app.api.schemas.vms import EXAMPLE_VM, GuestIn, PlacementIn
from app.domain.cpu_names import CpuNames
from app.domain.effects import Effects
from app.domain.eligibility import Rejection
from app.domain.fleet import FleetHost
from app.domain.migration import Migration, MigrationState
from app.domain.reasons import Reason, ReasonCode, Unlisted
from app.services.planning import Preview, Rejections, Verdict


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
    summary: str = Field(examples=["12 of 40 hosts are targets of vm-1 on h1."])


class UnlistedOut(Out):
    """An implementation of the host that the list does not have, beside the nearest that it has."""

    implementation: ImplementationOut
    nearest_listed: ImplementationOut
    differing_registers: list[str] = Field(examples=[["revidr"]])

    @classmethod
    def from_domain(cls, unlisted: Unlisted, names: CpuNames) -> "UnlistedOut":
        return cls(
            implementation=ImplementationOut.from_domain(unlisted.implementation, names),
            nearest_listed=ImplementationOut.from_domain(unlisted.nearest_listed, names),
            differing_registers=list(unlisted.differing_registers),
        )


def _only_with(description: str) -> Any:  # noqa: ANN401 - a field's default
    """A field that stands only in reasons with `implementation_not_listed`."""
    return Field(None, description=description, exclude_if=lambda value: value is None)


class ReasonOut(Out):
    """Why a host is refused."""

    code: ReasonCode
    detail: str
    remedy: str
    lasting: bool = Field(description="Waiting does not help: only a new boot or other hardware does.")
    implementation: ImplementationOut | None = _only_with("The first that is not listed.")
    nearest_listed: ImplementationOut | None = _only_with("The listed one that is nearest to it.")
    differing_registers: list[str] | None = _only_with("The registers in which the two differ.")
    unlisted: list[UnlistedOut] | None = _only_with("All that are not listed.")

    @classmethod
    def from_domain(cls, reason: Reason, names: CpuNames) -> "ReasonOut":
        unlisted = [UnlistedOut.from_domain(each, names) for each in reason.unlisted]
        first: dict[str, Any] = {**dict(unlisted[0]), "unlisted": unlisted} if unlisted else {}
        return cls(code=reason.code, detail=reason.detail, remedy=reason.remedy, lasting=reason.lasting, **first)


class VerdictOut(Out):
    vm: VmNameOut
    fleet_revision: FleetRevision
    host: HostNameOut
    eligible: bool
    reasons: list[ReasonOut]
    accepted_hazards: AcceptedHazards

    @classmethod
    def from_domain(cls, vm: str, verdict: Verdict, names: CpuNames) -> "VerdictOut":
        return cls(
            vm=vm,
            fleet_revision=verdict.fleet_revision,
            host=verdict.host,
            eligible=not verdict.reasons,
            reasons=[ReasonOut.from_domain(reason, names) for reason in verdict.reasons],
            accepted_hazards=list(verdict.accepted_hazards),
        )


class RejectionOut(Out):
    code: ReasonCode
    hosts: int
    examples: list[str] = Field(description="The first few of them by name.")

    @classmethod
    def from_domain(cls, rejection: Rejection) -> "RejectionOut":
        return cls(code=rejection.code, hosts=rejection.hosts, examples=list(rejection.examples))


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


class PreviewIn(In):
    """A boot that is only asked about."""

    model_config = In.model_config | example(
        {"host": "fra1-r01-n02", "placement": EXAMPLE_VM["placement"], "guest": EXAMPLE_VM["guest"]}
    )

    host: Name
    placement: PlacementIn = PlacementIn()
    guest: GuestIn
    cpus: CpuListField | None = Field(None, description="CPUs of the host that the VM would be pinned to.")


class PreviewTargetsOut(Out):
    total: int
    items: list[TargetOut] = Field(description="The first 100 by name.")


class PreviewOut(Out):
    implementation_list: PlanOut
    targets: PreviewTargetsOut
    effects: EffectsOut = Field(description="What the list would do to the guest.")
    fleet_revision: FleetRevision

    @classmethod
    def from_domain(cls, preview: Preview, effects: Effects, names: CpuNames) -> "PreviewOut":
        items = [TargetOut.from_domain(host, names) for host in preview.targets.page.items]
        return cls(
            implementation_list=PlanOut.from_plan(preview.plan, names),
            targets=PreviewTargetsOut(total=preview.targets.total, items=items),
            effects=EffectsOut.from_domain(preview.plan.list.digest, effects, names),
            fleet_revision=preview.plan.fleet_revision,
        )


class MigrationIn(In):
    model_config = In.model_config | example({"target": "fra1-r04-n01"})

    target: Name


class MigrationOut(Out):
    id: MigrationIdOut
    vm: VmNameOut
    source: HostNameOut
    target: HostNameOut
    state: MigrationState = Field(description="`overdue` is an admitted one that has been open too long.")
    overdue: bool
    implementation_list: DigestOut
    admitted_at: datetime
    closed_at: datetime | None

    @classmethod
    def from_domain(cls, migration: Migration, now: datetime, timeout: timedelta) -> "MigrationOut":
        state = migration.shown_state(now, timeout)
        return cls(
            id=migration.id,
            vm=migration.vm,
            source=migration.source,
            target=migration.target,
            state=state,
            overdue=state is MigrationState.OVERDUE,
            implementation_list=migration.digest,
            admitted_at=migration.admitted_at,
            closed_at=migration.closed_at,
        )


class MigrationsOut(Out):
    items: list[MigrationOut]
    next_cursor: NextCursor
