"""The service itself: health, metrics, its documentation, pages about problems."""

import re
from html import escape
from importlib.metadata import version
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse

from app.api import swagger
from app.api.context import ContextDep
from app.api.documentation import problems, refuses
from app.api.metrics import CONTENT_TYPE, RequestMetrics, standing_exposition
from app.api.models.service import HealthOut, ServiceOut
from app.api.problem_types import PROBLEM_TYPES, ProblemType
from app.api.problems import problem
from app.api.routes import GuardedRoute
from app.services.readiness import readiness_fault
from app.services.status import fleet_status

router: Final = APIRouter(tags=["Service"], route_class=GuardedRoute)


open_router: Final = APIRouter(tags=["Service"])
"""For everybody, whatever the guard says: probes, and what helps to find out why one is refused."""

_CODE: Final = re.compile(r"`([^`]+)`")


@router.get("/", response_model=ServiceOut, summary="What this is", responses=problems("invalid_request"))
async def describe_service() -> ServiceOut:
    """The service, its version, and where to go from here."""
    return ServiceOut.of_version(version("roadstead"))


@open_router.get("/healthz", response_model=HealthOut, summary="Is the process alive")
async def check_health() -> HealthOut:
    """Says nothing of the database: a process that cannot reach it must not be restarted for that."""
    return HealthOut(status="ok")


@open_router.get(
    "/readyz",
    response_model=HealthOut,
    summary="Can the service do its work",
    responses=problems("database_unavailable", "not_ready"),
)
async def check_readiness(request: Request, context: ContextDep) -> Response:
    """Whether the database is within reach and its schema is the one this release wants."""
    fault = await readiness_fault(context)
    if fault is not None:
        return problem(request, "not_ready", fault)
    return Response(HealthOut(status="ok").model_dump_json(), media_type="application/json")


@router.get(
    "/metrics",
    response_class=Response,
    summary="Metrics for Prometheus",
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **refuses()},
)
async def get_metrics(request: Request, context: ContextDep) -> Response:
    """Requests of this service, and the fleet as it stands."""
    metrics: RequestMetrics = request.app.state.metrics
    fleet = standing_exposition(await fleet_status(context))
    return Response(metrics.exposition() + fleet, media_type=CONTENT_TYPE)


@open_router.get("/docs", include_in_schema=False)
async def show_documentation(request: Request) -> HTMLResponse:
    return HTMLResponse(swagger.page(request.scope.get("root_path", "")))


@open_router.get("/problems", include_in_schema=False)
async def list_problems() -> HTMLResponse:
    items = "".join(f'<li><a href="problems/{code}">{code}</a>: {escape(kind.title)}</li>' for code, kind in _sorted())
    return _html("Problems", f"<h1>Problems</h1><ul>{items}</ul>")


@open_router.get("/problems/{code}", include_in_schema=False)
async def explain_problem(request: Request, code: Annotated[str, Path(max_length=100)]) -> Response:
    kind = PROBLEM_TYPES.get(code)
    if kind is None:
        return problem(request, "not_found", f"there is no problem {code!r}; /problems lists them")
    return _html(
        kind.title,
        f"<h1>{escape(kind.title)}</h1><p><code>{kind.code}</code>, status {int(kind.status)}</p>"
        f"<h2>What happened</h2><p>{_prose(kind.meaning)}</p><h2>How to mend it</h2><p>{_prose(kind.remedy)}</p>"
        '<p><a href="../problems">All problems</a> · <a href="../docs">API</a></p>',
    )


def _sorted() -> list[tuple[str, ProblemType]]:
    return sorted(PROBLEM_TYPES.items())


def _prose(text: str) -> str:
    """What stands between backticks is code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _html(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)} – Roadstead</title>'
        "<style>body{font:16px/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}"
        f"code{{background:#eee;padding:.1em .3em}}</style>{body}</html>"
    )
