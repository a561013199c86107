"""VMs: definitions, boots, stops."""

from functools import partial
from operator import attrgetter
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.api.dependencies import (
    Conditions,
    NumberPaging,
    OnceOnly,
    Paging,
    PutConditions,
    Services,
    SpareVmName,
    StoppedVmName,
    VmName,
    encode_cursor,
    json_body,
    send,
    tagged,
)
from app.api.documentation import refuses
from app.api.representations import Representations, sealed_tag
from app.api.schemas.common import Name
from app.api.schemas.lists import BootsOut, Format, ListOut
from app.api.schemas.vms import BootIn, VmIn, VmOut, VmsOut
from app.domain.vm import Boot, VmState
from app.services import vms

router: Final = APIRouter(prefix="/v1/vms", tags=["VMs"])

States = Annotated[list[VmState], Query(alias="state", description="Repeat it to ask for any.")]
Exposure = Annotated[bool | None, Query(description="Only VMs that are exposed, or only those that are not.")]
OnHost = Annotated[Name | None, Query(description="Only VMs that run on this host.", examples=["fra1-r01-n01"])]


@router.get("", response_model=VmsOut, summary="List VMs", responses=refuses("invalid_cursor"))
async def list_vms(
    services: Services,
    page: Paging,
    states: States = [],  # noqa: B006 - FastAPI copies it
    host: OnHost = None,
    exposed: Exposure = None,
) -> VmsOut:
    """VMs by name. Filters are combined: all must hold."""
    found = await vms.list_vms(services, vms.VmFilter(frozenset(states), host, exposed), page)
    items = [VmOut.from_record(record, services.reference) for record in found.items]
    return VmsOut(items=items, next_cursor=encode_cursor(found.next_after))


@router.put(
    "/{vm}",
    response_model=VmOut,
    summary="Define a VM",
    dependencies=[Depends(json_body)],
    responses={
        201: {"model": VmOut, "description": "Created."},
        **refuses("stale_revision", "already_exists", "unsupported_media_type", "body_too_large", "request_timeout"),
    },
)
async def put_vm(
    request: Request, services: Services, vm: StoppedVmName, body: VmIn, conditions: PutConditions
) -> Response:
    """Define a VM or change its definition.

    A changed placement decides at once where a running VM may move; its list changes with its next boot only.
    """
    record, created = await vms.put_vm(services, vm, body.to_domain(), conditions)
    return tagged(request, VmOut.from_record(record, services.reference), record.tag, status=201 if created else 200)


@router.get("/{vm}", response_model=VmOut, summary="Read a VM", responses=refuses("vm_not_found"))
async def get_vm(request: Request, services: Services, vm: VmName) -> Response:
    """One VM as it stands: where it runs, on which list, and whether it is exposed."""
    record = await vms.get_vm(services, vm)
    return tagged(request, VmOut.from_record(record, services.reference), record.tag)


@router.delete(
    "/{vm}",
    status_code=204,
    summary="Delete a VM",
    responses=refuses("vm_not_found", "vm_running", "vm_migrating", "stale_revision"),
)
async def delete_vm(services: Services, vm: SpareVmName, conditions: Conditions) -> None:
    """Forget a VM that is stopped, with its boots."""
    await vms.delete_vm(services, vm, conditions)


@router.post(
    "/{vm}/boots",
    status_code=201,
    response_model=ListOut,
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
    services: Services, vm: StoppedVmName, body: BootIn, conditions: Conditions, once: OnceOnly
) -> Response:
    """Compose the list for this host and placement and seal it for the life of the boot.

    With `adopt`, take in a VM that runs already: seal exactly what its VMM exposes.
    """
    attempt = once.answering(
        201,
        lambda boot: ListOut.from_boot(boot, services.reference.names),
        lambda boot: sealed_tag(boot, Format.JSON),
        _boot_path,
    )
    boot = vms.BootRequest(vm, body.host, body.cpus)
    if body.adopt:
        return send(await vms.adopt_vm(services, boot, body.adopt.to_domain(), conditions, attempt))
    return send(await vms.boot_vm(services, boot, conditions, attempt))


@router.get(
    "/{vm}/boots",
    response_model=BootsOut,
    summary="List the boots of a VM",
    responses=refuses("vm_not_found", "invalid_cursor"),
)
async def list_boots(services: Services, vm: VmName, page: NumberPaging) -> BootsOut:
    """Every boot with the list it sealed, oldest first."""
    found = await vms.list_boots(services, vm, page)
    items = [ListOut.from_boot(boot, services.reference.names) for boot in found.items]
    return BootsOut(items=items, next_cursor=encode_cursor(found.next_after))


@router.get(
    "/{vm}/boots/{number}",
    response_model=ListOut,
    summary="Read the list that a boot sealed",
    responses=refuses("vm_not_found", "boot_not_found", "hypercalls_hidden"),
)
async def get_boot(
    request: Request,
    services: Services,
    vm: VmName,
    number: Annotated[int, Path(ge=0, le=2**31 - 1, description="Counts from 1.", examples=[1])],
    format: Annotated[Format, Query(description="Another representation of the same list.")] = Format.JSON,  # noqa: A002
) -> Response:
    """The list as it was sealed, also when the VM has long been stopped."""
    boot = await vms.get_boot(services, vm, number)
    return Representations(services.reference.names).of_boot(boot, format, sealed_tag(boot, format)).answer(request)


@router.post(
    "/{vm}/stop",
    response_model=VmOut,
    summary="Stop a VM",
    responses=refuses("vm_not_found", "vm_migrating", "stale_revision", "idempotency_key_reused"),
)
async def stop_vm(services: Services, vm: StoppedVmName, conditions: Conditions, once: OnceOnly) -> Response:
    """Its VMM process has ended: back to `defined`. The list stays readable under its boot."""
    attempt = once.answering(200, partial(VmOut.from_record, reference=services.reference), attrgetter("tag"))
    return send(await vms.stop_vm(services, vm, conditions, attempt))


def _boot_path(boot: Boot) -> str:
    return f"/v1/vms/{boot.vm}/boots/{boot.number}"
