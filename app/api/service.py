"""The service itself: health, metrics, its documentation."""

from importlib.metadata import version
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from app.api import swagger
from app.api.context import ContextDep
from app.api.documentation import problems, refuses
from app.api.metrics import CONTENT_TYPE, RequestMetrics, fleet_exposition
from app.api.models.service import HealthOut, ServiceOut
from app.api.problems import problem
from app.api.routes import GuardedRoute
from app.services.readiness import readiness_fault
from app.services.status import fleet_status

router: Final = APIRouter(tags=["Service"], route_class=GuardedRoute)


open_router: Final = APIRouter(tags=["Service"])
"""For everybody, whatever the guard says: probes, and what helps to find out why one is refused."""


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
    fleet = fleet_exposition(await fleet_status(context))
    return Response(metrics.exposition() + fleet, media_type=CONTENT_TYPE)


@open_router.get("/docs", include_in_schema=False)
async def show_documentation(request: Request) -> HTMLResponse:
    return HTMLResponse(swagger.page(request.scope.get("root_path", "")))
