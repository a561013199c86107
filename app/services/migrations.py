"""Use cases of migrations: admit, verify, and take the caller's word on where the guest is."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from app.domain.answer import Answer
from app.domain.errors import HostNotFound, MigrationClosed, MigrationNotFound, VmMigrating, VmNotRunning
from app.domain.fleet.fleet import Fleet
from app.domain.paging import Page, PageRequest
from app.domain.planning.checking import check_arrival
from app.domain.planning.eligibility import FIT_RULES, MOVE_RULES, Move, Rule, reasons
from app.domain.planning.refusals import NotATarget
from app.domain.preconditions import Precondition
from app.domain.vms.migration import Migration, MigrationState
from app.domain.vms.vm import Boot, Vm, VmRecord
from app.services.context import Context
from app.services.idempotency import Attempt, once
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


async def admit_migration(
    context: Context, vm: str, target: str, precondition: Precondition, attempt: Attempt[Migration]
) -> Answer:
    """Admit the move of a running VM to a target. Raises NotATarget with every reason."""

    async def work(tx: Transaction) -> Migration:
        held = await tx.hosts.hold(target)
        record = found(await tx.vms.lock(vm), vm)
        if held is None:
            raise HostNotFound(target)
        precondition.check(vm, record.tag)
        moving = running(record)
        if record.vm.migration:
            raise VmMigrating(vm, record.vm.migration)
        _require(context, await tx.fleet(context.now()), moving, held, MOVE_RULES)
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

    return await once(context, attempt, work)


async def verify_migration(context: Context, id_: str) -> Migration:
    """Whether the guest may still move, asked by the destination just before it does. Raises NotATarget.

    Asks for identity and abilities alone: who has decided to move is not stopped by a cordon any more.
    """
    async with context.database.writing() as tx:
        migration, held, record = await _locked(tx, id_)
        if held is None or record is None or not migration.open:
            raise MigrationClosed(id_, migration.state)
        # Of the fleet these rules ask nothing but the host itself.
        _require(context, Fleet(revision=0), running(record), held, FIT_RULES)
        return migration


async def complete_migration(
    context: Context, id_: str, precondition: Precondition, attempt: Attempt[Migration]
) -> Answer:
    """The guest runs on the target now. A fact, so it is always taken; the VM is exposed if the target does not fit."""
    return await once(context, attempt, partial(_close, context, id_, MigrationState.COMPLETED, precondition))


async def fail_migration(context: Context, id_: str, precondition: Precondition, attempt: Attempt[Migration]) -> Answer:
    """The guest stays on the source."""
    return await once(context, attempt, partial(_close, context, id_, MigrationState.FAILED, precondition))


async def _close(
    context: Context, id_: str, state: MigrationState, precondition: Precondition, tx: Transaction
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
        return _known(await tx.migrations.find(id_), id_)


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
    seen = _known(await tx.migrations.find(id_), id_)
    held = await tx.hosts.hold(seen.target)
    record = await tx.vms.lock(seen.vm)
    return _known(await tx.migrations.lock(id_), id_), held, record


def _require(context: Context, fleet: Fleet, moving: Running, held: LockedHost, rules: Sequence[Rule[Move]]) -> None:
    """Raise NotATarget with the reasons of these rules against the host, judged by its locked row."""
    host = held.fleet_host
    move = Move(moving.vm.definition.placement, context.reference, moving.boot.plan, moving.host)
    if against := reasons(fleet.with_host(host), host, move, rules):
        raise NotATarget(host.name, against)
    check_arrival(moving.boot.plan, host)


def _known(migration: Migration | None, id_: str) -> Migration:
    if migration is None:
        raise MigrationNotFound(id_)
    return migration
