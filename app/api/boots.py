"""Boots: a VM starts on a host, is adopted, stops."""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.api.conditions import Conditions
from app.api.context import ContextDep
from app.api.documentation import refuses
from app.api.etags import sealed_tag, tagged
from app.api.idempotency import ExecutorDep
from app.api.media_types import json_body
from app.api.models.boots import BootIn, BootsOut, ListOut, SealedOut
from app.api.models.implementation_lists import Format
from app.api.models.vms import VmOut
from app.api.paging import NumberPaging, encode_cursor
from app.api.parameters import StoppedVmName, VmName
from app.api.rendering import rendered
from app.api.representations import Representations
from app.api.routes import GuardedRoute
from app.domain.paging import Page
from app.domain.vms.advice import AdvisedVm, SealedBoot
from app.domain.vms.vm import Boot
from app.services import boots
from app.services.context import Context

router: Final = APIRouter(prefix="/v1/vms", tags=["VMs"], route_class=GuardedRoute)


@router.post(
    "/{vm}/boots",
    status_code=201,
    response_model=SealedOut,
    summary="Boot a VM: seal its implementation list",
    dependencies=[Depends(json_body)],
    responses=refuses(
        "vm_not_found",
        "host_not_found",
        "boot_refused",
        "vm_running",
        "vm_migrating",
        "too_many_implementations",
        "stale_revision",
        "idempotency_key_reused",
        "unsupported_media_type",
        "body_too_large",
        "request_timeout",
    ),
)
async def boot_vm(
    request: Request,
    context: ContextDep,
    vm: StoppedVmName,
    body: BootIn,
    conditions: Conditions,
    executor: ExecutorDep,
) -> Response:
    """Compose the list for this host and placement and seal it for the life of the boot.

    With `adopt`, take in a VM that runs already: seal exactly what its VMM exposes.
    """
    asked = boots.BootRequest(vm, body.host, body.cpus)
    if body.adopt:
        case = boots.adopt_vm(context, asked, body.adopt.to_domain(), conditions)
    else:
        case = boots.boot_vm(context, asked, conditions)
    return await executor.run(case, partial(_sealed, request, context))


@router.get(
    "/{vm}/boots",
    response_model=BootsOut,
    summary="List the boots of a VM",
    responses=refuses("vm_not_found", "invalid_cursor"),
)
async def list_boots(context: ContextDep, vm: VmName, page: NumberPaging) -> Response:
    """Every boot with the list it sealed, oldest first."""
    return await rendered(_boots, await boots.list_boots(context, vm, page), context)


def _boots(found: Page[Boot], context: Context) -> BootsOut:
    items = [ListOut.from_boot(boot, context.reference.names) for boot in found.items]
    return BootsOut(items=items, next_cursor=encode_cursor(found.next_after))


@router.get(
    "/{vm}/boots/{number}",
    response_model=ListOut,
    summary="Read the list that a boot sealed",
    responses=refuses("vm_not_found", "boot_not_found", "hypercalls_hidden"),
)
async def get_boot(
    request: Request,
    context: ContextDep,
    vm: VmName,
    number: Annotated[int, Path(ge=0, le=2**31 - 1, description="Counts from 1.", examples=[1])],
    wanted: Annotated[
        Format, Query(alias="format", description="Another representation of the same list.")
    ] = Format.JSON,
) -> Response:
    """The list as it was sealed, also when the VM has long been stopped."""
    boot = await boots.get_boot(context, vm, number)
    return Representations(context.reference.names).of_boot(boot, wanted, sealed_tag(boot, wanted)).answer(request)


@router.post(
    "/{vm}/stop",
    response_model=VmOut,
    summary="Stop a VM",
    responses=refuses("vm_not_found", "vm_migrating", "stale_revision", "idempotency_key_reused"),
)
async def stop_vm(
    request: Request, context: ContextDep, vm: StoppedVmName, conditions: Conditions, executor: ExecutorDep
) -> Response:
    """Its VMM process has ended: back to `defined`. The list stays readable under its boot."""

    def shown(stopped: AdvisedVm) -> Response:
        return tagged(request, VmOut.from_domain(stopped), stopped.tag)

    return await executor.run(boots.stop_vm(context, vm, conditions), shown)


def _sealed(request: Request, context: Context, sealed: SealedBoot) -> Response:
    boot, out = sealed.boot, SealedOut.from_sealed(sealed, context.reference.names)
    path = f"/v1/vms/{boot.vm}/boots/{boot.number}"
    return tagged(request, out, sealed_tag(boot, Format.JSON), status=201, location=path)
