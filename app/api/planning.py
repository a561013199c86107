"""Targets, verdicts, rejections, previews."""

from typing import Final

from fastapi import APIRouter, Depends, Request, Response

from app.api.dependencies import HostName, Paging, Services, VmName, encode_cursor, json_body
from app.api.documentation import refuses
from app.api.representations import targets_document
from app.api.schemas.planning import (
    PreviewIn,
    PreviewOut,
    RejectionsOut,
    TargetsOut,
    VerdictOut,
)
from app.services import planning
from app.services.effects import effects_of_plan

router: Final = APIRouter(prefix="/v1", tags=["Planning"])


@router.get(
    "/vms/{vm}/targets",
    response_model=TargetsOut,
    summary="Where a VM may move to now",
    responses=refuses("vm_not_found", "vm_not_running", "invalid_cursor"),
)
async def list_targets(request: Request, services: Services, vm: VmName, page: Paging) -> Response:
    """Hosts to which the running VM may move, by name. Each was judged by itself, never by a pool-wide level."""
    found = await planning.list_targets(services, vm, page)
    rendered = targets_document(vm, found, encode_cursor(found.page.next_after), request.state.representations)
    return Response(rendered, media_type="application/json")


@router.get(
    "/vms/{vm}/targets/{host}",
    response_model=VerdictOut,
    summary="May a VM move to this host, and why not",
    responses=refuses("vm_not_found", "host_not_found", "vm_not_running"),
)
async def get_target(services: Services, vm: VmName, host: HostName) -> VerdictOut:
    """The verdict on one host, with every reason against it, the registers that differ, and remedies."""
    verdict = await planning.judge_target(services, vm, host)
    return VerdictOut.from_domain(vm, verdict, services.reference.names)


@router.get(
    "/vms/{vm}/rejections",
    response_model=RejectionsOut,
    summary="Why hosts are no targets",
    responses=refuses("vm_not_found", "vm_not_running"),
)
async def list_rejections(services: Services, vm: VmName) -> RejectionsOut:
    """Reasons with the number of hosts under each, and a few of them as examples."""
    return RejectionsOut.from_domain(vm, await planning.count_rejections(services, vm))


@router.post(
    "/placements:preview",
    response_model=PreviewOut,
    summary="What a boot would get",
    dependencies=[Depends(json_body)],
    responses=refuses(
        "host_not_found",
        "boot_refused",
        "too_many_implementations",
        "unsupported_media_type",
        "body_too_large",
        "request_timeout",
    ),
)
async def preview_placement(services: Services, body: PreviewIn) -> PreviewOut:
    """The list that a boot on the host would seal, and the targets it would have. Stores nothing."""
    found = await planning.preview(services, body.host, body.placement.to_domain(), body.guest.to_domain(), body.cpus)
    return PreviewOut.from_domain(found, effects_of_plan(services, found.plan), services.reference.names)
