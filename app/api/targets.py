"""Where a VM may move, and why not elsewhere."""

from typing import Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api.context import ContextDep
from app.api.documentation import refuses
from app.api.models.targets import RejectionsOut, TargetsOut, VerdictOut
from app.api.paging import Cursor, Limit, encode_cursor, page_after
from app.api.parameters import HostName, VmName
from app.api.representations import Representations
from app.api.routes import GuardedRoute, HotRoute
from app.services import targets
from app.services.targets import Targets

router: Final = APIRouter(prefix="/v1", tags=["Planning"], route_class=GuardedRoute)
hot_router: Final = APIRouter(prefix="/v1", tags=["Planning"], route_class=HotRoute)


@hot_router.get(
    "/vms/{vm}/targets",
    response_model=TargetsOut,
    summary="Where a VM may move to now",
    responses=refuses("vm_not_found", "vm_not_running", "invalid_cursor"),
)
async def list_targets(request: Request, vm: VmName, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Hosts to which the running VM may move, by name. Each was judged by itself, never by a pool-wide level."""
    found = await targets.list_targets(request.state.context, vm, page_after(cursor, limit))
    rendered = targets_document(vm, found, encode_cursor(found.page.next_after), request.state.representations)
    return Response(rendered, media_type="application/json")


@router.get(
    "/vms/{vm}/targets/{host}",
    response_model=VerdictOut,
    summary="May a VM move to this host, and why not",
    responses=refuses("vm_not_found", "host_not_found", "vm_not_running"),
)
async def get_target(context: ContextDep, vm: VmName, host: HostName) -> VerdictOut:
    """The verdict on one host, with every reason against it, the registers that differ, and remedies."""
    verdict = await targets.judge_target(context, vm, host)
    return VerdictOut.from_domain(vm, verdict, context.reference.names)


@router.get(
    "/vms/{vm}/rejections",
    response_model=RejectionsOut,
    summary="Why hosts are no targets",
    responses=refuses("vm_not_found", "vm_not_running"),
)
async def list_rejections(context: ContextDep, vm: VmName) -> RejectionsOut:
    """Reasons with the number of hosts under each, and a few of them as examples."""
    return RejectionsOut.from_domain(vm, await targets.count_rejections(context, vm))


def targets_document(vm: str, found: Targets, next_cursor: str | None, representations: Representations) -> bytes:
    """A page of targets, as `TargetsOut` describes it."""
    return orjson.dumps(
        {
            "vm": vm,
            "fleet_revision": found.fleet_revision,
            "total": found.total,
            "items": representations.targets(found.page.items),
            "next_cursor": next_cursor,
            "accepted_hazards": found.accepted_hazards,
            "admissible": found.migration is None,
            "migration": found.migration,
            "summary": f"{found.total} of {found.hosts} hosts are targets of {vm}.",
        }
    )
