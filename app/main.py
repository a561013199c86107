"""Wires the service. The only place that does."""

import gc
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final, TypedDict

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.api import (
    boots,
    compatibility,
    effects,
    errata,
    fleet,
    host_imports,
    hosts,
    hypercalls,
    implementation_lists,
    implementations,
    migrations,
    placements,
    service,
    swagger,
    targets,
    vms,
)
from app.api.documentation import TAGS, describe, operation_id
from app.api.metrics import RequestMetrics
from app.api.middleware import LOGGED, BodyLimit, RequestScope
from app.api.problems import http_refusal, problem, refusal
from app.api.representations import Representations
from app.api.routes import Guard, let_all_pass
from app.api.validation import invalid_request
from app.domain.errors import RoadsteadError
from app.services.context import Context
from app.services.readiness import serving_once_ready
from app.settings import Settings
from app.storage.database import Database
from app.storage.reference_data import load_reference_data

_CLIENT_CLOSED_REQUEST: Final = 499

logger = logging.getLogger("roadstead")


class State(TypedDict):
    """What requests find under `request.state`."""

    context: Context
    settings: Settings
    representations: Representations


def create_app(settings: Settings | None = None, guard: Guard = let_all_pass) -> FastAPI:
    """The service, from the environment's settings if none are given."""
    settings = settings or Settings()
    metrics = RequestMetrics()
    app = FastAPI(
        title="Roadstead",
        version=version("roadstead"),
        summary="Which arm64 hosts a VM may live-migrate to, and what its guest must be told for that to be safe.",
        openapi_tags=[dict(tag) for tag in TAGS],
        lifespan=_lifespan(settings),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        telemetry=_telemetry(settings),
    )
    app.state.metrics = metrics
    app.state.guard = guard
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes, timeout=settings.request_timeout)
    app.add_middleware(RequestScope, metrics=metrics, logged=LOGGED[settings.access_log])
    # The hot reads are matched first.
    app.include_router(implementation_lists.router)
    app.include_router(targets.hot_router)
    for resource in (
        hosts,
        host_imports,
        implementations,
        vms,
        boots,
        hypercalls,
        targets,
        placements,
        migrations,
        effects,
        errata,
        compatibility,
        fleet,
    ):
        app.include_router(resource.router)
    app.include_router(service.router)
    app.include_router(service.open_router)
    app.mount("/docs/assets", swagger.assets)
    _refuse_in_problems(app)
    describe(app)
    return app


def worker_app() -> FastAPI:
    """The service in a process of its own.

    What is there by now stays to the end, so the garbage collector need not look at it again: that is a third of the
    time of an import (docs/performance.md).
    """
    app = create_app()
    gc.freeze()
    return app


def _telemetry(settings: Settings) -> TelemetryConfig:
    on = settings.telemetry
    return {"tracing": on, "metrics": on, "logs": on, "auto_configure": on}


def _lifespan(settings: Settings) -> Callable[[FastAPI], AbstractAsyncContextManager[State]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        reference = load_reference_data(settings.data_dir)
        database = await Database.connect(settings)
        try:
            context = Context(database, reference, lambda: datetime.now(UTC), settings.migration_timeout)
            async with serving_once_ready(context):
                yield State(context=context, settings=settings, representations=Representations(reference.names))
        finally:
            await database.close()

    return lifespan


def _refuse_in_problems(app: FastAPI) -> None:
    """Every refusal, the framework's own too, is an RFC 9457 problem."""

    async def refused(request: Request, error: Any) -> Response:
        return refusal(request, error, request.state.context.reference.names)

    async def invalid(request: Request, error: Any) -> Response:
        return invalid_request(request, error)

    async def http(request: Request, error: Any) -> Response:
        return http_refusal(request, error)

    async def gone(_: Request, __: Any) -> Response:
        # Nobody is left to read it, but it is counted and logged; the number is nginx's for this.
        return Response(status_code=_CLIENT_CLOSED_REQUEST)

    async def failed(request: Request, error: Exception) -> Response:
        logger.error("request %s failed", request.scope.get("request_id"), exc_info=error)
        answer = problem(request, "internal_error", "The service failed; what the request began was undone.")
        # Answered outside of all middleware, so the header is not added there.
        answer.headers["X-Request-ID"] = request.scope.get("request_id", "")
        return answer

    app.add_exception_handler(RoadsteadError, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(Exception, failed)
