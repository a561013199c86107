"""Previews of boots on the wire."""

from pydantic import Field

from app.api.models.common import (
    CpuListField,
    FleetRevision,
    In,
    Name,
    Out,
    Warnings,
    example,
    warned,
)
from app.api.models.effects import EffectsOut
from app.api.models.guests import GuestIn
from app.api.models.implementation_lists import PlanOut
from app.api.models.placements import PlacementIn
from app.api.models.targets import TargetOut
from app.api.models.vms import EXAMPLE_VM
from app.domain.cpu.cpu_names import CpuNames
from app.domain.guest.effects import Effects
from app.services.placements import Preview


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
    warnings: Warnings
    fleet_revision: FleetRevision

    @classmethod
    def from_domain(cls, preview: Preview, effects: Effects, names: CpuNames) -> "PreviewOut":
        items = [TargetOut.from_domain(host, names) for host in preview.targets.page.items]
        return cls(
            implementation_list=PlanOut.from_plan(preview.plan, names),
            targets=PreviewTargetsOut(total=preview.targets.total, items=items),
            effects=EffectsOut.from_domain(preview.plan.list.digest, effects, names),
            warnings=warned(preview.advice),
            fleet_revision=preview.plan.fleet_revision,
        )
