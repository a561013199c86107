"""Placements: to the document that is stored and back."""

from collections.abc import Mapping
from typing import Any

from app.domain.fleet.placement import Operator, Placement, Requirement, Selector
from app.storage.unreadable import string, string_map, strings, whole


def placement_document(placement: Placement) -> dict[str, Any]:
    return {
        "match_labels": dict(placement.selector.match_labels),
        "match_expressions": [
            [each.key, each.operator.value, list(each.values)] for each in placement.selector.match_expressions
        ],
        "include_hosts": list(placement.include_hosts),
        "exclude_hosts": list(placement.exclude_hosts),
        "max_implementations": placement.max_implementations,
        "accept_hazards": list(placement.accept_hazards),
    }


def read_placement(document: Mapping[str, Any]) -> Placement:
    expressions = (
        Requirement(string(key), Operator(operator), strings(values))
        for key, operator, values in document["match_expressions"]
    )
    return Placement(
        selector=Selector(string_map(document["match_labels"]), tuple(expressions)),
        include_hosts=strings(document["include_hosts"]),
        exclude_hosts=strings(document["exclude_hosts"]),
        max_implementations=whole(document["max_implementations"]),
        accept_hazards=strings(document["accept_hazards"]),
    )
