"""What is wrong with a request, as pointers into it and sentences."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from app.api.models.problems import FaultOut
from app.api.problems import problem
from app.domain.errors import InputFault
from app.sentences import json_pointer


def input_faults(error: ValidationError, prefix: str = "") -> list[InputFault]:
    """What Pydantic found, as pointers into the document that it was given."""
    return [InputFault(prefix + pointer(each["loc"]), _said(each["msg"])) for each in error.errors(include_url=False)]


def _said(message: str) -> str:
    """Our own sentence, without the name that Pydantic puts before it."""
    return message.removeprefix("Value error, ")


def pointer(location: Sequence[int | str]) -> str:
    """The JSON Pointer to what Pydantic names; a fault in a key is shown at the key."""
    if location[-1:] == [_OF_KEY] and location[-2] not in _MAPPINGS:
        location = location[:-1]
    return json_pointer(location)


def invalid_request(request: Request, error: RequestValidationError) -> Response:
    faults = [_request_fault(each) for each in error.errors()]
    where = "; ".join(f"{fault.location} {fault.pointer or '/'}: {fault.detail}" for fault in faults[:3])
    return problem(request, "invalid_request", where, errors=faults)


def _request_fault(error: Mapping[str, Any]) -> FaultOut:
    location, *path = error["loc"]
    if error["type"] == "json_invalid":
        return FaultOut(pointer="", detail=f"no valid JSON at byte {path[0]}: {error['ctx']['error']}", location="body")
    return FaultOut(pointer=pointer(path), detail=_said(error["msg"]), location=str(location))


_OF_KEY: Final = "[key]"
"""How Pydantic ends the place of a fault in a key, and not in its value."""


_MAPPINGS: Final = frozenset({"labels", "match_labels"})
"""Fields whose keys are the client's; one of them may be `[key]` itself."""
