"""Imports of hosts."""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from app.api.context import ContextDep, Reporter
from app.api.documentation import refuses
from app.api.idempotency import Executor, IdempotencyKey
from app.api.middleware import Allowance
from app.api.models.host_imports import ImportedOut
from app.api.ndjson_hosts import MEDIA_TYPE, NdjsonHosts
from app.api.routes import GuardedRoute
from app.domain.errors import UnsupportedContent
from app.services import host_imports
from app.services.host_imports import Imported

router: Final = APIRouter(prefix="/v1", tags=["Inventory"], route_class=GuardedRoute)


_NDJSON: Final = {
    "requestBody": {
        "required": True,
        "description": "One host a line, each with its `name`. A host that is there is replaced whole.",
        "content": {
            MEDIA_TYPE: {
                "schema": {"type": "string"},
                "example": '{"name":"fra1-r09-n01","cpus":[{"midr":"0x413fd0c1","revidr":"0x0","aidr":"0x0"}]}\n',
            }
        },
    }
}


@router.post(
    "/hosts:import",
    response_model=ImportedOut,
    summary="Import many hosts",
    openapi_extra=_NDJSON,
    responses=refuses(
        "invalid_import", "idempotency_key_reused", "unsupported_media_type", "body_too_large", "request_timeout"
    ),
)
async def import_hosts(
    request: Request,
    context: ContextDep,
    reporter: Reporter,
    idempotency_key: IdempotencyKey = None,
    dry_run: Annotated[bool, Query(description="Validate, count, and write nothing.")] = False,
) -> Response:
    """Create and replace hosts from NDJSON, all or nothing. 100,000 in one request is normal."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise UnsupportedContent(MEDIA_TYPE)
    Allowance.of(request).lift()
    lines = NdjsonHosts(request, context.now(), request.state.settings)
    executor = Executor(request, context, idempotency_key, lines.fingerprint)
    case = host_imports.import_hosts(context, lines, reporter, dry_run=dry_run)
    return await executor.run(case, partial(_imported, lines))


def _imported(lines: NdjsonHosts, imported: Imported) -> Response:
    out = ImportedOut.from_domain(imported, lines.advice.told())
    return Response(out.model_dump_json(), media_type="application/json")
