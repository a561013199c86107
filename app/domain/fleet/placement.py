"""Where a VM may run: Kubernetes label-selector semantics, and lists of hosts by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final, assert_never

from typing_extensions import override

DEFAULT_MAX_IMPLEMENTATIONS: Final = 64
"""Limit of the RFC v2 hypercalls; the merged ABI has none (rule 11)."""


class Operator(StrEnum):
    """Operators of a Kubernetes label selector."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


@dataclass(frozen=True)
class Requirement:
    """One condition on a label. NotIn and DoesNotExist also hold where the key is absent."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    @cached_property
    def _named(self) -> frozenset[str]:
        # There may be 100,000 values, and as many hosts to ask about.
        return frozenset(self.values)

    def holds(self, labels: Mapping[str, str]) -> bool:
        match self.operator:
            case Operator.IN:
                return labels.get(self.key) in self._named
            case Operator.NOT_IN:
                return labels.get(self.key) not in self._named
            case Operator.EXISTS:
                return self.key in labels
            case Operator.DOES_NOT_EXIST:
                return self.key not in labels
            case _:
                assert_never(self.operator)


@dataclass(frozen=True, slots=True)
class Selector:
    """All conditions must hold; a selector without any matches every host."""

    match_labels: Mapping[str, str] = field(default_factory=dict)
    match_expressions: tuple[Requirement, ...] = ()

    @override
    def __hash__(self) -> int:
        return hash((frozenset(self.match_labels.items()), self.match_expressions))

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        equalities = (Requirement(key, Operator.IN, (value,)) for key, value in self.match_labels.items())
        return (*equalities, *self.match_expressions)

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(requirement.holds(labels) for requirement in self.requirements)


@dataclass(frozen=True, kw_only=True)
class Placement:
    """`include_hosts`, where not empty, limits to those names; `exclude_hosts` wins; the selector holds in any case."""

    selector: Selector = field(default_factory=Selector)
    include_hosts: tuple[str, ...] = ()
    exclude_hosts: tuple[str, ...] = ()
    max_implementations: int = DEFAULT_MAX_IMPLEMENTATIONS
    """At most this many entries in a list, 1 … 65,536; a longer one is refused, never cut."""
    accept_hazards: tuple[str, ...] = ()
    """Ids of tables for which this placement accepts a list that weakens the guest (rule 12)."""

    @cached_property
    def _included(self) -> frozenset[str]:
        return frozenset(self.include_hosts)

    @cached_property
    def _excluded(self) -> frozenset[str]:
        return frozenset(self.exclude_hosts)

    @property
    def size(self) -> int:
        """How many names and values it is made of."""
        values = sum(1 + len(each.values) for each in self.selector.requirements)
        return values + len(self.include_hosts) + len(self.exclude_hosts) + len(self.accept_hazards)

    def allows(self, name: str, labels: Mapping[str, str]) -> bool:
        if name in self._excluded or (self._included and name not in self._included):
            return False
        return self.selector.matches(labels)
