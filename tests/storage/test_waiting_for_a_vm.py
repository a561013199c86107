"""A VM whose lock had to be waited for is read as it is then, with all that belongs to it."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from app.domain.fleet.placement import Placement
from app.domain.planning.guest import Guest
from app.domain.preconditions import UNCONDITIONAL
from app.domain.vms.vm import VmDefinition, VmRecord
from app.services.boots import BootRequest, boot_vm, stop_vm
from app.services.context import Context
from app.services.hosts import put_host
from app.services.migrations import admit_migration, complete_migration
from app.services.use_cases import UseCase
from app.services.vms import put_vm
from tests.storage.workers import a_host
from tests.waiting import soon

pytestmark = pytest.mark.anyio

_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


async def locked(worker: Context) -> VmRecord:
    async with worker.database.writing() as tx:
        return await tx.vms.lock("vm-1")


async def is_waiting(worker: Context) -> bool:
    if worker.database.engine.dialect.name == "sqlite":
        return True  # writers take turns as a whole there
    async with worker.database.looking() as connection:
        return bool((await connection.execute(_WAITING)).scalar_one())


async def after(worker: Context, other: Context, case: UseCase[Any]) -> VmRecord:
    """The VM as the other worker locks it, who waits while the case is carried out."""
    async with worker.database.writing() as tx:
        await tx.vms.lock("vm-1")
        waiting = asyncio.create_task(locked(other))
        await soon(lambda: is_waiting(worker))
        await case.work(tx)
    return await waiting


async def test_every_change_that_was_waited_for_is_seen(worker: Context, other: Context) -> None:
    for name in ("h1", "h2"):
        await put_host(worker, a_host(name), UNCONDITIONAL, "test")
    await put_vm(worker, "vm-1", VmDefinition(Placement(), Guest(discovers_implementations=True)), UNCONDITIONAL)
    booted = await after(worker, other, boot_vm(worker, BootRequest("vm-1", "h1"), UNCONDITIONAL))
    assert booted.vm.running
    assert (booted.vm.running.host, booted.vm.running.boot.number, booted.vm.boots) == ("h1", 1, 1)
    admitting = await after(worker, other, admit_migration(worker, "vm-1", "h2", UNCONDITIONAL))
    assert admitting.vm.running
    migration = admitting.vm.running.migration
    assert migration
    moved = await after(worker, other, complete_migration(worker, migration, UNCONDITIONAL))
    assert moved.vm.running
    assert (moved.vm.running.host, moved.vm.running.moved, moved.vm.running.migration) == ("h2", True, None)
    assert (await after(worker, other, stop_vm(worker, "vm-1", UNCONDITIONAL))).vm.running is None
