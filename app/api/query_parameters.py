"""Query parameters that a route has, and refusals of all others: a mistyped filter must not show everything."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from fastapi.dependencies.models import Dependant
from starlette.requests import Request

from app.domain.errors import InputFault, InvalidInput
from app.sentences import json_pointer, near_miss, shown

_NAMED: Final = 20
"""Unknown names that a refusal tells; no request with more was ever a slip of the pen."""


def declared(route: Any) -> frozenset[str]:
    """The names that a route takes, of its dependencies too, and those that only its documentation has."""
    documented = (route.openapi_extra or {}).get("parameters", ())
    return frozenset(_of(route.dependant)) | {each["name"] for each in documented if each["in"] == "query"}


def check_known(request: Request, known: frozenset[str]) -> None:
    """Raises InvalidInput with the parameters that are none."""
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        raise InvalidInput([_fault(name, known) for name in islice(unknown, _NAMED)])


def _of(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for each in dependant.dependencies:
        yield from _of(each)


def _fault(name: str, known: frozenset[str]) -> InputFault:
    meant = near_miss(name, known) or "."
    detail = f"{shown(name)} is no parameter of this request{meant} It takes {', '.join(sorted(known)) or 'none'}"
    return InputFault(json_pointer([name]), detail, "query")
