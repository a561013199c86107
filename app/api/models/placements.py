"""Placements on the wire."""

from typing import Annotated, Self

from pydantic import Field, StrictInt, StringConstraints, model_validator

from app.api.models.common import (
    In,
    LabelKey,
    LabelsOut,
    LabelValue,
    Name,
    Out,
)
from app.api.patterns import TABLE_ID
from app.domain.fleet.placement import DEFAULT_MAX_IMPLEMENTATIONS, Operator, Placement, Requirement, Selector

MAX_IMPLEMENTATIONS = 65_536


_MANY = 100_000


HazardId = Annotated[str, StringConstraints(pattern=TABLE_ID)]


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
            selector=self.selector.to_domain() if self.selector else Selector(),
            include_hosts=tuple(self.include_hosts),
            exclude_hosts=tuple(self.exclude_hosts),
            max_implementations=self.max_implementations,
            accept_hazards=tuple(self.accept_hazards),
        )


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
