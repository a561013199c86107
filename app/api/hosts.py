"""The inventory: hosts, imports, implementations."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from pydantic import ValidationError

from app.api.dependencies import (
    Conditions,
    HostName,
    IdempotencyKey,
    Once,
    Paging,
    PutConditions,
    Reporter,
    Services,
    SpareHostName,
    encode_cursor,
    json_body,
    send,
    tagged,
)
from app.api.documentation import refuses
from app.api.filters import Filter
from app.api.imports import MEDIA_TYPE, NdjsonHosts
from app.api.merge_patch import merged
from app.api.middleware import Allowance
from app.api.problems import input_faults
from app.api.schemas.hosts import (
    FleetImplementationOut,
    FleetImplementationsOut,
    HistoryOut,
    HostIn,
    HostOut,
    HostReport,
    HostsOut,
    ImportedOut,
)
from app.domain.errors import InvalidInput, UnsupportedContent
from app.domain.host import Host
from app.services import inventory
from app.services.context import Context

router: Final = APIRouter(prefix="/v1", tags=["Inventory"])

Patch = Annotated[
    dict[str, Any],
    Body(
        media_type="application/merge-patch+json",
        description="JSON Merge Patch (RFC 7396): what is named is replaced, null removes.",
        examples=[{"state": "cordoned", "labels": {"ticket": "4711"}}],
    ),
]
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


@router.get("/hosts", response_model=HostsOut, summary="List hosts", responses=refuses("invalid_cursor"))
async def list_hosts(services: Services, wanted: Filter, page: Paging) -> HostsOut:
    """Hosts by name. Filters are combined: all must hold."""
    found, revision = await inventory.list_hosts(services, wanted, page)
    names = services.reference.names
    items = [HostOut.from_record(record, names) for record in found.items]
    return HostsOut(items=items, next_cursor=encode_cursor(found.next_after), fleet_revision=revision)


@router.put(
    "/hosts/{name}",
    response_model=HostOut,
    summary="Create or replace a host",
    dependencies=[Depends(json_body)],
    responses={
        201: {"model": HostOut, "description": "Created."},
        **refuses("stale_revision", "already_exists", "unsupported_media_type", "body_too_large", "request_timeout"),
    },
)
async def put_host(
    request: Request, services: Services, name: HostName, body: HostIn, conditions: PutConditions, reporter: Reporter
) -> Response:
    """Put a host into the inventory as a whole. A report that changes nothing but `observed_at` is a heartbeat.

    A change of registers under running VMs makes those whose list does not cover them `exposed`, at once.
    """
    host = body.to_domain(name, services.now())
    record, created = await inventory.put_host(services, host, conditions, reporter)
    return tagged(
        request,
        HostOut.from_record(record, services.reference.names),
        record.tag,
        status=201 if created else 200,
    )


@router.get("/hosts/{name}", response_model=HostOut, summary="Read a host", responses=refuses("host_not_found"))
async def get_host(request: Request, services: Services, name: HostName) -> Response:
    """One host, with an entity tag for conditional requests."""
    record = await inventory.get_host(services, name)
    return tagged(request, HostOut.from_record(record, services.reference.names), record.tag)


@router.patch(
    "/hosts/{name}",
    response_model=HostOut,
    summary="Change parts of a host",
    dependencies=[Depends(json_body)],
    responses=refuses(
        "host_not_found", "stale_revision", "unsupported_media_type", "body_too_large", "request_timeout"
    ),
)
async def patch_host(
    request: Request, services: Services, name: HostName, body: Patch, conditions: Conditions, reporter: Reporter
) -> Response:
    """Change what the patch names and leave the rest: how a collector reports without touching labels or states."""
    record = await inventory.edit_host(services, name, _edit(services, body), conditions, reporter)
    return tagged(request, HostOut.from_record(record, services.reference.names), record.tag)


@router.delete(
    "/hosts/{name}",
    status_code=204,
    summary="Delete a host",
    responses=refuses("host_not_found", "host_in_use", "stale_revision"),
)
async def delete_host(services: Services, name: SpareHostName, conditions: Conditions) -> None:
    """Take a host out of the inventory; refused while a VM runs on it or migrates to it. Its history stays."""
    await inventory.delete_host(services, name, conditions)


@router.get(
    "/hosts/{name}/history",
    response_model=HistoryOut,
    summary="What registers a host ever reported",
    responses=refuses("host_not_found"),
)
async def get_host_history(services: Services, name: HostName) -> HistoryOut:
    """Every distinct set of registers, with when and from whom. Also of hosts that were deleted."""
    periods = await inventory.host_history(services, name)
    return HistoryOut.from_periods(name, periods, services.reference.names)


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
    services: Services,
    reporter: Reporter,
    idempotency_key: IdempotencyKey = None,
    dry_run: Annotated[bool, Query(description="Validate, count, and write nothing.")] = False,  # noqa: FBT002 - a query parameter
) -> Response:
    """Create and replace hosts from NDJSON, all or nothing. 100,000 in one request is normal."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise UnsupportedContent(MEDIA_TYPE)
    Allowance.of(request).lift()
    lines = NdjsonHosts(request, services.now(), request.state.settings)
    attempt = Once(request, services, idempotency_key, b"").answering(200, ImportedOut.from_domain)
    return send(await inventory.import_hosts(services, lines, reporter, attempt, dry_run=dry_run))


@router.get(
    "/implementations",
    response_model=FleetImplementationsOut,
    summary="List the fleet's CPU implementations",
    responses=refuses("invalid_cursor"),
)
async def list_implementations(services: Services, page: Paging) -> FleetImplementationsOut:
    """Every distinct implementation with its name, its decoded MIDR_EL1, and how many hosts have it, by state."""
    found, revision = await inventory.list_implementations(services, page)
    names = services.reference.names
    items = [FleetImplementationOut.from_fleet(each, names) for each in found.items]
    return FleetImplementationsOut(items=items, next_cursor=encode_cursor(found.next_after), fleet_revision=revision)


def _edit(services: Context, patch: dict[str, Any]) -> inventory.Edit:
    def edit(host: Host) -> Host:
        document = merged(HostReport.from_domain(host).model_dump(mode="json"), patch)
        try:
            return HostIn.model_validate(document).to_domain(host.name, services.now())
        except ValidationError as error:
            raise InvalidInput(input_faults(error)) from None

    return edit
