"""Use cases of migrations: admit, verify, and take the caller's word on where the guest is."""

import uuid
from dataclasses import replace

from app.domain.errors import HostNotFound, MigrationClosed
from app.domain.fleet.fleet import Fleet
from app.domain.paging import Page, PageRequest
from app.domain.planning.checking import check_arrival
from app.domain.planning.eligibility import Move, reasons
from app.domain.planning.refusals import NotATarget
from app.domain.preconditions import Precondition
from app.domain.vms.migration import Migration, MigrationState
from app.domain.vms.transitions import admission, admitted, move_of, moved, stayed
from app.domain.vms.vm import VmRecord
from app.services.context import Context
from app.services.use_cases import use_case
from app.storage.database import Transaction
from app.storage.hosts import LockedHost


@use_case
async def admit_migration(
    tx: Transaction, context: Context, vm: str, target: str, precondition: Precondition
) -> Migration:
    """Admit the move of a running VM to a target. Raises NotATarget with every reason."""
    held = await tx.hosts.hold(target)
    record = await tx.vms.lock(vm)
    if held is None:
        raise HostNotFound(target)
    precondition.check(vm, record.tag)
    migration = admission(record.vm, target, uuid.uuid4().hex, context.now())
    _require(await tx.fleet(context.now()), held, move_of(record.vm, context.reference))
    await tx.migrations.admit(migration, held.key, record, admitted(record.vm, migration))
    return migration


async def verify_migration(context: Context, id_: str) -> Migration:
    """Whether the guest may still move, asked by the destination just before it does. Raises NotATarget.

    Asks for identity and abilities alone: who has decided to move is not stopped by a cordon any more.
    """
    async with context.database.writing() as tx:
        migration, held, record = await _locked(tx, id_)
        if held is None or record is None or not migration.open:
            raise MigrationClosed(id_, migration.state)
        # Of the fleet these rules ask nothing but the host itself.
        _require(Fleet(revision=0), held, move_of(record.vm, context.reference).on_arrival())
        return migration


@use_case
async def complete_migration(tx: Transaction, context: Context, id_: str, precondition: Precondition) -> Migration:
    """The guest runs on the target now. A fact, so it is always taken; the VM is exposed if the target does not fit."""
    return await _close(context, tx, id_, MigrationState.COMPLETED, precondition)


@use_case
async def fail_migration(tx: Transaction, context: Context, id_: str, precondition: Precondition) -> Migration:
    """The guest stays on the source."""
    return await _close(context, tx, id_, MigrationState.FAILED, precondition)


async def _close(
    context: Context, tx: Transaction, id_: str, state: MigrationState, precondition: Precondition
) -> Migration:
    """Close a migration; one that is closed so already stays as it is. Raises MigrationClosed if it ended otherwise."""
    migration, held, record = await _locked(tx, id_)
    precondition.check(id_, migration.tag(context.now(), context.migration_timeout))
    if held is None or record is None or not migration.open:
        if migration.state is not state:
            raise MigrationClosed(id_, migration.state)
        return migration
    closed = replace(migration, state=state, closed_at=context.now())
    if state is MigrationState.COMPLETED:
        await tx.migrations.close(closed, record, moved(record.vm, held.fleet_host), held.key)
    else:
        await tx.migrations.close(closed, record, stayed(record.vm))
    return closed


async def get_migration(context: Context, id_: str) -> Migration:
    async with context.database.reading() as tx:
        return await tx.migrations.get(id_)


async def list_migrations(
    context: Context, vm: str | None, state: MigrationState | None, page: PageRequest
) -> Page[Migration]:
    """A page of migrations in the order of admission."""
    overdue_before = context.now() - context.migration_timeout
    async with context.database.reading() as tx:
        rows = await tx.migrations.page(int(page.after or 0), page.limit + 1, vm, state, overdue_before)
        cut = Page.cut(rows, page.limit, lambda row: str(row.number))
        return Page(tuple(row.migration for row in cut.items if row.migration), cut.next_after)


async def _locked(tx: Transaction, id_: str) -> tuple[Migration, LockedHost | None, VmRecord | None]:
    """The migration with its target and its VM, locked in the order host, VM, migration.

    While the migration is open, neither can be deleted.
    """
    seen = await tx.migrations.get(id_)
    held = await tx.hosts.hold(seen.target)
    record = await tx.vms.find_locked(seen.vm)
    return await tx.migrations.lock(id_), held, record


def _require(fleet: Fleet, held: LockedHost, move: Move) -> None:
    """Raise NotATarget with the reasons against the host, judged by its locked row."""
    host = held.fleet_host
    if against := reasons(fleet.with_host(host), host, move):
        raise NotATarget(host.name, against)
    check_arrival(move.plan, host)
