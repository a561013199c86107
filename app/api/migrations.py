"""Migrations: admitted, verified, completed, failed."""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.api.conditions import Conditions
from app.api.context import ContextDep
from app.api.documentation import refuses
from app.api.etags import tagged
from app.api.idempotency import ExecutorDep
from app.api.media_types import json_body
from app.api.models.common import EXAMPLE_MIGRATION, Name
from app.api.models.migrations import MigrationIn, MigrationOut, MigrationsOut
from app.api.paging import NumberPaging, encode_cursor
from app.api.parameters import VmName
from app.api.patterns import MIGRATION_ID
from app.api.rendering import rendered
from app.api.routes import GuardedRoute
from app.domain.paging import Page
from app.domain.vms.migration import Migration, MigrationState
from app.services import migrations
from app.services.context import Context

router: Final = APIRouter(prefix="/v1", tags=["Migrations"], route_class=GuardedRoute)

MigrationId = Annotated[
    str,
    Path(
        alias="id",
        pattern=MIGRATION_ID,
        description="Id of a migration, from the answer that admitted it.",
        examples=[EXAMPLE_MIGRATION],
    ),
]
_CLOSING: Final = ("migration_not_found", "migration_closed", "stale_revision", "idempotency_key_reused")


@router.post(
    "/vms/{vm}/migrations",
    status_code=201,
    response_model=MigrationOut,
    summary="Admit a migration",
    dependencies=[Depends(json_body)],
    responses=refuses(
        "vm_not_found",
        "host_not_found",
        "not_a_target",
        "vm_migrating",
        "vm_not_running",
        "stale_revision",
        "idempotency_key_reused",
        "unsupported_media_type",
        "body_too_large",
        "request_timeout",
    ),
)
async def admit_migration(
    request: Request,
    context: ContextDep,
    vm: VmName,
    body: MigrationIn,
    conditions: Conditions,
    executor: ExecutorDep,
) -> Response:
    """Judge the target as it is at this moment, and let the VM move to it if it fits. One at a time for each VM."""
    case = migrations.admit_migration(context, vm, body.target, conditions)
    return await executor.run(case, partial(_admitted, request, context))


@router.get("/migrations", response_model=MigrationsOut, summary="List migrations", responses=refuses("invalid_cursor"))
async def list_migrations(
    context: ContextDep,
    page: NumberPaging,
    state: Annotated[MigrationState | None, Query(description="As it shows.", examples=["admitted"])] = None,
    vm: Annotated[
        Name | None,
        Query(description="Only migrations of this VM, and of earlier ones of its name.", examples=["db-01"]),
    ] = None,
) -> Response:
    """Migrations in the order of their admission."""
    return await rendered(_migrations, await migrations.list_migrations(context, vm, state, page), context)


def _migrations(found: Page[Migration], context: Context) -> MigrationsOut:
    items = [_out(context, migration) for migration in found.items]
    return MigrationsOut(items=items, next_cursor=encode_cursor(found.next_after))


@router.post(
    "/migrations/{id}:verify",
    response_model=MigrationOut,
    summary="Verify a migration at the destination",
    responses=refuses("migration_not_found", "not_a_target", "migration_closed"),
)
async def verify_migration(context: ContextDep, migration: MigrationId) -> MigrationOut:
    """For the destination, just before the guest moves: do the host's identity and abilities still fit it."""
    return _out(context, await migrations.verify_migration(context, migration))


@router.post(
    "/migrations/{id}:complete",
    response_model=MigrationOut,
    summary="The guest runs on the target",
    responses=refuses(*_CLOSING),
)
async def complete_migration(
    request: Request,
    context: ContextDep,
    migration: MigrationId,
    conditions: Conditions,
    executor: ExecutorDep,
) -> Response:
    """Record that the guest has moved. A fact is never refused: if the target fits no more, the VM is `exposed`."""
    case = migrations.complete_migration(context, migration, conditions)
    return await executor.run(case, partial(_tagged, request, context))


@router.post(
    "/migrations/{id}:fail",
    response_model=MigrationOut,
    summary="The guest stays on the source",
    responses=refuses(*_CLOSING),
)
async def fail_migration(
    request: Request,
    context: ContextDep,
    migration: MigrationId,
    conditions: Conditions,
    executor: ExecutorDep,
) -> Response:
    """Record that the guest did not move."""
    case = migrations.fail_migration(context, migration, conditions)
    return await executor.run(case, partial(_tagged, request, context))


@router.get(
    "/migrations/{id}",
    response_model=MigrationOut,
    summary="Read a migration",
    responses=refuses("migration_not_found"),
)
async def get_migration(request: Request, context: ContextDep, migration: MigrationId) -> Response:
    """One migration. Open too long, it shows as `overdue`; only the caller knows where the guest is."""
    return _tagged(request, context, await migrations.get_migration(context, migration))


def _out(context: Context, migration: Migration) -> MigrationOut:
    return MigrationOut.from_domain(migration, context.now(), context.migration_timeout)


def _tagged(request: Request, context: Context, migration: Migration) -> Response:
    return tagged(request, _out(context, migration), _tag(context, migration))


def _admitted(request: Request, context: Context, migration: Migration) -> Response:
    path = f"/v1/migrations/{migration.id}"
    return tagged(request, _out(context, migration), _tag(context, migration), status=201, location=path)


def _tag(context: Context, migration: Migration) -> str:
    return migration.tag(context.now(), context.migration_timeout)
