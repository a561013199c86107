"""Refusals as RFC 9457 problems."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.client import responses
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.api.models.common import ImplementationOut
from app.api.models.problems import CandidateOut, FaultOut, ProblemOut
from app.api.models.reasons import ReasonOut
from app.api.problem_types import PROBLEM_TYPES
from app.api.unrouted import in_full
from app.domain import errors
from app.domain.cpu.cpu_names import CpuNames
from app.domain.errors import InputFault, RoadsteadError
from app.domain.planning import refusals

MEDIA_TYPE: Final = "application/problem+json"


_HTTP_CODES: Final[Mapping[int, str]] = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.UNAUTHORIZED: "unauthenticated",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_TIMEOUT: "request_timeout",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_requests",
}
"""Codes for what the framework or a guard refuses."""


def problem(request: Request, code: str, detail: str, **more: Any) -> Response:
    """The answer for a problem."""
    kind = PROBLEM_TYPES[code]
    page = str(request.base_url.replace(path=f"/problems/{code}"))
    return _problem(request, kind.status, type=page, title=kind.title, detail=detail, code=code, **more)


def _problem(request: Request, status: int, **more: Any) -> Response:
    body = ProblemOut(status=status, request_id=request.scope.get("request_id", ""), **more)
    headers = {"Retry-After": "2"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return Response(body.model_dump_json(), status, headers, MEDIA_TYPE)


def refusal(request: Request, error: RoadsteadError, names: CpuNames) -> Response:
    return problem(request, error.code, str(error), **_details(error, names))


def _details(error: RoadsteadError, names: CpuNames) -> dict[str, Any]:  # noqa: PLR0911 - a table, in cases
    """What a problem of this kind carries beyond its words."""
    match error:
        case errors.InvalidImport(faults=faults, total=total):
            return {"errors": _faults(faults), "errors_total": total}
        case errors.InvalidInput(faults=faults):
            return {"errors": _faults(faults)}
        case refusals.Refused(reasons=reasons):
            return {"reasons": [ReasonOut.from_domain(reason, names) for reason in reasons]}
        case refusals.TooManyImplementations():
            return _too_many(error, names)
        case errors.HostInUse(vms=vms):
            return {"vms": list(vms)}
        case errors.VmMigrating(migration=migration):
            return {"migration": migration}
        case _:
            return {}


def _faults(faults: Sequence[InputFault]) -> list[FaultOut]:
    return [FaultOut(pointer=fault.pointer, detail=fault.detail, location=fault.location) for fault in faults]


def _too_many(error: refusals.TooManyImplementations, names: CpuNames) -> dict[str, Any]:
    candidates = [
        CandidateOut(implementation=ImplementationOut.from_domain(each.implementation, names), hosts=each.hosts)
        for each in error.candidates
    ]
    return {"count": error.count, "max_implementations": error.limit, "candidates": candidates}


_UNREADABLE: Final = FaultOut(
    pointer="", detail="the JSON is nested too deeply, or a number in it is too long to be read", location="body"
)


def http_refusal(request: Request, error: HTTPException) -> Response:
    """What the framework or a guard refuses, with the status and the headers that it is refused with."""
    if isinstance(error.__cause__, (ValueError, RecursionError)):
        return problem(request, "invalid_request", _UNREADABLE.detail, errors=[_UNREADABLE])
    error = in_full(request, error)
    detail = str(error.detail)
    if code := _HTTP_CODES.get(error.status_code):
        answer = problem(request, code, detail)
    else:
        answer = _unlisted(request, error.status_code, detail)
    answer.headers.update(error.headers or {})
    return answer


def _unlisted(request: Request, status: int, detail: str) -> Response:
    """A problem that is no more than its status (RFC 9457, 4.2.1)."""
    title = responses.get(status, f"Status {status}")
    code = re.sub("[^a-z0-9]+", "_", title.lower())
    return _problem(request, status, type="about:blank", title=title, detail=detail, code=code)
