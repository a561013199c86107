"""VMs by kind, as both databases tell them."""

import pytest

from app.domain.fleet.placement import Placement
from app.domain.planning.guest import Guest
from app.domain.preconditions import UNCONDITIONAL
from app.domain.vms.vm import VmDefinition
from app.services.boots import BootRequest, boot_vm
from app.services.context import Context
from app.services.hosts import put_host
from app.services.use_cases import run
from app.services.vms import put_vm
from tests.storage.workers import a_host

pytestmark = pytest.mark.anyio

LARGE = Placement(exclude_hosts=tuple(f"away-{number:05}" for number in range(10_000)))
OTHER = Placement(exclude_hosts=(*LARGE.exclude_hosts[:-1], "away-x"))


async def test_a_large_placement_makes_no_large_key(worker: Context) -> None:
    await put_host(worker, a_host("h1"), UNCONDITIONAL, "test")
    guest = Guest(discovers_implementations=True)
    for name, placement in {"vm-1": LARGE, "vm-2": LARGE, "vm-3": OTHER}.items():
        await put_vm(worker, name, VmDefinition(placement, guest), UNCONDITIONAL)
        await run(worker, boot_vm(worker, BootRequest(name, "h1"), UNCONDITIONAL))
    async with worker.database.viewing() as tx:
        kinds = [row.kind for row in await tx.kinds.page("", 10, frozenset(), None)]
    assert [kind and len(kind) for kind in kinds] == [32, 32, 32]
    assert kinds[0] == kinds[1] != kinds[2]
