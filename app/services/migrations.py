"""Use cases of migrations: admit, verify, and take the caller's word on where the guest is."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from app.domain.errors import HostNotFound, MigrationClosed, MigrationNotFound, VmMigrating, VmNotRunning
from app.domain.paging import Page, PageRequest
from app.domain.planning.checking import check_arrival
from app.domain.planning.eligibility import FIT_RULES, MOVE_RULES, Move, Rule, reasons
from app.domain.planning.refusals import NotATarget
from app.domain.preconditions import Precondition
from app.domain.vms.migration import Migration, MigrationState
from app.domain.vms.vm import Boot, Vm, VmRecord
from app.services.context import Context
from app.services.use_cases import use_case
from app.services.vms import found
from app.storage.database import Transaction
from app.storage.hosts import LockedHost


class Running(NamedTuple):
    """A VM that runs, with the parts that are then there."""

    vm: Vm
    boot: Boot
    host: str


def running(record: VmRecord) -> Running:
    """Raise VmNotRunning unless the VM runs or migrates."""
    vm = record.vm
    if vm.boot is None or vm.host is None:
        raise VmNotRunning(vm.name)
    return Running(vm, vm.boot, vm.host)


@use_case
async def admit_migration(
    tx: Transaction, context: Context, vm: str, target: str, precondition: Precondition
) -> Migration:
    """Admit the move of a running VM to a target. Raises NotATarget with every reason."""
    held = await tx.hosts.hold(target)
    record = found(await tx.vms.lock(vm), vm)
    if held is None:
        raise HostNotFound(target)
    precondition.check(vm, record.tag)
    moving = running(record)
    if record.vm.migration:
        raise VmMigrating(vm, record.vm.migration)
    await _require(context, tx, moving, held, MOVE_RULES)
    migration = Migration(
        uuid.uuid4().hex,
        vm,
        moving.host,
        target,
        MigrationState.ADMITTED,
        moving.boot.plan.list.digest,
        context.now(),
    )
    await tx.migrations.admit(migration, record.key, held.key)
    await tx.vms.touch(record)
    return migration


async def verify_migration(context: Context, id_: str) -> Migration:
    """Whether the guest may still move, asked by the destination just before it does. Raises NotATarget.

    Asks for identity and abilities alone: who has decided to move is not stopped by a cordon any more.
    """
    async with context.database.writing() as tx:
        migration, held, record = await _locked(tx, id_)
        if held is None or record is None or not migration.open:
            raise MigrationClosed(id_, migration.state)
        await _require(context, tx, running(record), held, FIT_RULES)
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
    now = context.now()
    await tx.migrations.close(id_, state, now)
    if state is MigrationState.COMPLETED:
        await tx.vms.move(record, held.key)
    else:
        await tx.vms.touch(record)
    return replace(migration, state=state, closed_at=now)


async def get_migration(context: Context, id_: str) -> Migration:
    async with context.database.reading() as tx:
        return _existing(await tx.migrations.find(id_), id_)


async def list_migrations(
    context: Context, vm: str | None, state: MigrationState | None, page: PageRequest
) -> Page[Migration]:
    """A page of migrations in the order of admission."""
    overdue_before = context.now() - context.migration_timeout
    async with context.database.reading() as tx:
        rows = await tx.migrations.page(int(page.after or 0), page.limit + 1, vm, state, overdue_before)
        cut = Page.cut(rows, page.limit, lambda row: str(row.number))
        return Page(tuple(row.migration for row in cut.items), cut.next_after)


async def _locked(tx: Transaction, id_: str) -> tuple[Migration, LockedHost | None, VmRecord | None]:
    """The migration with its target and its VM, locked in the order host, VM, migration.

    While the migration is open, neither can be deleted.
    """
    seen = _existing(await tx.migrations.find(id_), id_)
    held = await tx.hosts.hold(seen.target)
    record = await tx.vms.lock(seen.vm)
    return _existing(await tx.migrations.lock(id_), id_), held, record


async def _require(
    context: Context, tx: Transaction, moving: Running, held: LockedHost, rules: Sequence[Rule[Move]]
) -> None:
    """Raise NotATarget with the reasons of these rules against the host, judged by its locked row."""
    host = held.fleet_host
    fleet = (await tx.fleet(context.now())).with_host(host)
    move = Move(moving.vm.definition.placement, context.reference, moving.boot.plan, moving.host)
    if against := reasons(fleet, host, move, rules):
        raise NotATarget(host.name, against)
    check_arrival(moving.boot.plan, host)


def _existing(migration: Migration | None, id_: str) -> Migration:
    if migration is None:
        raise MigrationNotFound(id_)
    return migration
