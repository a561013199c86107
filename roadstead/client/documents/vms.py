"""VMs as they are defined, and as they stand."""

from typing import Literal, Required, TypedDict

from roadstead.client.documents.common import Mode, Resources, Warned
from roadstead.client.documents.placements import Guest, GuestInput, Placement, PlacementInput

VmState = Literal["defined", "running", "migrating"]


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
    warnings: list[Warned]


class VmInput(TypedDict, total=False):
    """The definition of a VM."""

    guest: Required[GuestInput]
    placement: PlacementInput
    resources: Resources | None
