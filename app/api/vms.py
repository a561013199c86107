"""VMs."""

from typing import Final

from fastapi import APIRouter, Depends, Request, Response

from app.api.conditions import Conditions, PutConditions
from app.api.context import ContextDep
from app.api.documentation import refuses
from app.api.etags import tagged
from app.api.media_types import json_body
from app.api.models.vms import VmIn, VmOut, VmsOut
from app.api.paging import Paging, encode_cursor
from app.api.parameters import DryRun, SpareVmName, StoppedVmName, VmName
from app.api.rendering import rendered
from app.api.routes import GuardedRoute
from app.api.vm_filters import Filter
from app.domain.paging import Page
from app.domain.vms.advice import AdvisedVm
from app.domain.vms.vm import VmRecord
from app.services import vms
from app.services.context import Context

router: Final = APIRouter(prefix="/v1/vms", tags=["VMs"], route_class=GuardedRoute)


@router.get("", response_model=VmsOut, summary="List VMs", responses=refuses("invalid_cursor"))
async def list_vms(context: ContextDep, wanted: Filter, page: Paging) -> Response:
    """VMs by name. Filters are combined: all must hold."""
    return await rendered(_vms, await vms.list_vms(context, wanted, page), context)


def _vms(found: Page[VmRecord], context: Context) -> VmsOut:
    items = [VmOut.from_domain(AdvisedVm.of(each, context.reference)) for each in found.items]
    return VmsOut(items=items, next_cursor=encode_cursor(found.next_after))


@router.put(
    "/{vm}",
    response_model=VmOut,
    summary="Define a VM",
    dependencies=[Depends(json_body)],
    responses={
        201: {"model": VmOut, "description": "Created."},
        **refuses(
            "stale_revision",
            "already_exists",
            "record_unreadable",
            "unsupported_media_type",
            "body_too_large",
            "request_timeout",
        ),
    },
)
async def put_vm(
    request: Request,
    context: ContextDep,
    vm: StoppedVmName,
    body: VmIn,
    conditions: PutConditions,
    dry_run: DryRun = False,
) -> Response:
    """Define a VM or change its definition.

    A changed placement decides at once where a running VM may move; its list changes with its next boot only.
    """
    put = vms.rehearse_vm if dry_run else vms.put_vm
    found, created = await put(context, vm, body.to_domain(), conditions)
    tag = None if dry_run else found.tag
    return tagged(request, VmOut.from_domain(found), tag, status=201 if created else 200)


@router.get("/{vm}", response_model=VmOut, summary="Read a VM", responses=refuses("vm_not_found"))
async def get_vm(request: Request, context: ContextDep, vm: VmName) -> Response:
    """One VM as it stands: where it runs, on which list, and whether it is exposed."""
    found = await vms.get_vm(context, vm)
    return tagged(request, VmOut.from_domain(found), found.tag)


@router.delete(
    "/{vm}",
    status_code=204,
    summary="Delete a VM",
    responses=refuses("vm_not_found", "vm_running", "vm_migrating", "stale_revision"),
)
async def delete_vm(context: ContextDep, vm: SpareVmName, conditions: Conditions) -> None:
    """Forget a VM that is stopped, with its boots."""
    await vms.delete_vm(context, vm, conditions)
