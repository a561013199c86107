"""Where a VM may run, what its guest can do, and previews of boots."""

from collections.abc import Mapping, Sequence
from typing import Literal, Required, TypedDict

from roadstead.client.documents.common import Warned
from roadstead.client.documents.effects import Effects
from roadstead.client.documents.implementation_lists import PlannedList
from roadstead.client.documents.targets import Target

Operator = Literal["In", "NotIn", "Exists", "DoesNotExist"]


class Requirement(TypedDict):
    key: str
    operator: Operator
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


class PreviewedTargets(TypedDict):
    total: int
    items: list[Target]


class Preview(TypedDict):
    implementation_list: PlannedList
    targets: PreviewedTargets
    effects: Effects
    warnings: list[Warned]
    fleet_revision: int


class RequirementInput(TypedDict, total=False):
    key: Required[str]
    operator: Required[Operator]
    values: Sequence[str]


class SelectorInput(TypedDict, total=False):
    match_labels: Mapping[str, str]
    match_expressions: Sequence[RequirementInput]


class PlacementInput(TypedDict, total=False):
    selector: SelectorInput | None
    include_hosts: Sequence[str]
    exclude_hosts: Sequence[str]
    max_implementations: int
    accept_hazards: Sequence[str]


class GuestInput(TypedDict, total=False):
    discovers_implementations: Required[bool]
    kernel_release: str | None


class PreviewInput(TypedDict, total=False):
    host: Required[str]
    guest: Required[GuestInput]
    placement: PlacementInput
    cpus: str | None
