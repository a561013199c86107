"""Filters of lists of VMs in query strings."""

from typing import Annotated

from fastapi import Depends, Query

from app.api.models.common import Name
from app.domain.vms.conditions import Condition
from app.domain.vms.vm import VmState
from app.services.vms import VmFilter

States = Annotated[list[VmState], Query(alias="state", description="Repeat it to ask for any.")]
OnHost = Annotated[Name | None, Query(description="Only VMs that run on this host.", examples=["fra1-r01-n01"])]
Exposed = Annotated[bool | None, Query(description="Only VMs that are exposed, or only those that are not.")]
WithoutTarget = Annotated[
    bool | None, Query(description="Only VMs that run and could move nowhere now, or only all others.")
]
AcceptingHazards = Annotated[
    bool | None,
    Query(description="Only VMs whose list weakens them by consent of their placement, or only all others."),
]
Outdated = Annotated[
    bool | None,
    Query(description="Only VMs whose list lacks CPUs that a boot on their host would list now, or only all others."),
]


async def _vm_filter(
    *,
    states: States = [],  # noqa: B006 - FastAPI copies it
    host: OnHost = None,
    exposed: Exposed = None,
    without_target: WithoutTarget = None,
    accepting_hazards: AcceptingHazards = None,
    outdated: Outdated = None,
) -> VmFilter:
    asked = {
        Condition.EXPOSED: exposed,
        Condition.WITHOUT_TARGET: without_target,
        Condition.ACCEPTING_HAZARDS: accepting_hazards,
        Condition.OUTDATED: outdated,
    }
    conditions = {condition: wanted for condition, wanted in asked.items() if wanted is not None}
    return VmFilter(frozenset(states), host, conditions)


Filter = Annotated[VmFilter, Depends(_vm_filter)]
