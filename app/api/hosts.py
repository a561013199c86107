"""Hosts."""

from typing import Final

from fastapi import APIRouter, Depends, Request, Response

from app.api.conditions import Conditions, PutConditions
from app.api.context import ContextDep, Reporter
from app.api.documentation import refuses
from app.api.etags import tagged
from app.api.host_filters import Filter
from app.api.host_patches import MergePatch, host_patch
from app.api.media_types import json_body
from app.api.models.hosts import HistoryOut, HostIn, HostOut, HostsOut
from app.api.paging import Paging, encode_cursor
from app.api.parameters import DryRun, HostName, SpareHostName
from app.api.rendering import rendered
from app.api.routes import GuardedRoute
from app.domain.fleet.host import HostRecord
from app.domain.paging import Page
from app.services import hosts
from app.services.context import Context

router: Final = APIRouter(prefix="/v1", tags=["Inventory"], route_class=GuardedRoute)


@router.get("/hosts", response_model=HostsOut, summary="List hosts", responses=refuses("invalid_cursor"))
async def list_hosts(context: ContextDep, wanted: Filter, page: Paging) -> Response:
    """Hosts by name. Filters are combined: all must hold."""
    found, revision = await hosts.list_hosts(context, wanted, page)
    return await rendered(_hosts, found, revision, context)


def _hosts(found: Page[HostRecord], revision: int, context: Context) -> HostsOut:
    items = [HostOut.from_record(record, context.reference.names) for record in found.items]
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
    request: Request,
    context: ContextDep,
    name: HostName,
    body: HostIn,
    conditions: PutConditions,
    reporter: Reporter,
    dry_run: DryRun = False,
) -> Response:
    """Put a host into the inventory as a whole. A report that changes nothing but `observed_at` is a heartbeat.

    A change of registers under running VMs makes those whose list does not cover them `exposed`, at once.
    """
    host = body.to_domain(name, context.now())
    put = hosts.rehearse_host if dry_run else hosts.put_host
    record, created = await put(context, host, conditions, reporter, body.unread)
    return tagged(
        request,
        HostOut.from_record(record, context.reference.names),
        None if dry_run else record.tag,
        status=201 if created else 200,
    )


@router.get("/hosts/{name}", response_model=HostOut, summary="Read a host", responses=refuses("host_not_found"))
async def get_host(request: Request, context: ContextDep, name: HostName) -> Response:
    """One host, with an entity tag for conditional requests."""
    record = await hosts.get_host(context, name)
    return tagged(request, HostOut.from_record(record, context.reference.names), record.tag)


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
    request: Request, context: ContextDep, name: HostName, body: MergePatch, conditions: Conditions, reporter: Reporter
) -> Response:
    """Change what the patch names and leave the rest: how a collector reports without touching labels or states."""
    record = await hosts.patch_host(context, name, host_patch(body, context.now()), conditions, reporter)
    return tagged(request, HostOut.from_record(record, context.reference.names), record.tag)


@router.delete(
    "/hosts/{name}",
    status_code=204,
    summary="Delete a host",
    responses=refuses("host_not_found", "host_in_use", "stale_revision"),
)
async def delete_host(context: ContextDep, name: SpareHostName, conditions: Conditions) -> None:
    """Take a host out of the inventory; refused while a VM runs on it or migrates to it. Its history stays."""
    await hosts.delete_host(context, name, conditions)


@router.get(
    "/hosts/{name}/history",
    response_model=HistoryOut,
    summary="What registers a host ever reported",
    responses=refuses("host_not_found"),
)
async def get_host_history(context: ContextDep, name: HostName) -> HistoryOut:
    """Every distinct set of registers, with when and from whom. Also of hosts that were deleted."""
    past = await hosts.host_history(context, name)
    return HistoryOut.from_domain(name, past, context.reference.names)
