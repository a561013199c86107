"""What is wrong with a request, as pointers into it and sentences."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from app.api.models.problems import FaultOut
from app.api.patterns import mismatch
from app.api.problems import problem
from app.domain.errors import InputFault
from app.sentences import json_pointer, sentence, shown

_NAMED: Final = 100
"""Faults that the refusal of one document tells."""


def input_faults(error: ValidationError, model: type[BaseModel], prefix: str = "") -> list[InputFault]:
    """What Pydantic found, as pointers into the document that it was given."""
    found = error.errors(include_url=False)[:_NAMED]
    return [InputFault(prefix + pointer(each["loc"]), _said(each, model)) for each in found]


def _said(error: Mapping[str, Any], model: Any) -> str:
    """Our own sentence, with what was found."""
    found = error["input"]
    if error["type"] == "string_pattern_mismatch":
        return mismatch(error["ctx"]["pattern"], found)
    said = sentence(error, model)
    if error["type"] == "value_error" and isinstance(found, str | int | float | None) and str(found) not in said:
        return f"{said}; found {shown(found)}"
    return said


def pointer(location: Sequence[int | str]) -> str:
    """The JSON Pointer to what Pydantic names; a fault in a key is shown at the key."""
    if location[-1:] == [_OF_KEY] and location[-2] not in _MAPPINGS:
        location = location[:-1]
    return json_pointer(location)


def invalid_request(request: Request, error: RequestValidationError) -> Response:
    found = error.errors()
    body = getattr(request.scope["route"], "body_field", None)
    faults = [_request_fault(each, body and body.field_info.annotation) for each in found[:_NAMED]]
    where = "; ".join(f"{fault.location} {fault.pointer or '/'}: {fault.detail}" for fault in faults[:3])
    total = len(found) if len(found) > _NAMED else None
    return problem(request, "invalid_request", where, errors=faults, errors_total=total)


def _request_fault(error: Mapping[str, Any], body: Any) -> FaultOut:
    location, *path = error["loc"]
    if error["type"] == "json_invalid":
        return FaultOut(pointer="", detail=f"no valid JSON at byte {path[0]}: {error['ctx']['error']}", location="body")
    # The place itself is not in the document that a body is validated as.
    return FaultOut(pointer=pointer(path), detail=_said({**error, "loc": path}, body), location=str(location))


_OF_KEY: Final = "[key]"
"""How Pydantic ends the place of a fault in a key, and not in its value."""


_MAPPINGS: Final = frozenset({"labels", "match_labels"})
"""Fields whose keys are the client's; one of them may be `[key]` itself."""
