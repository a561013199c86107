"""Registers that were stored before such values were refused are read on, and warned of."""

import pytest

from app.domain.cpu.implementation import ReportedImplementation
from app.domain.fleet.host_patch import HostPatch
from app.domain.planning.advice import host_advice
from app.domain.preconditions import UNCONDITIONAL
from app.services.context import Context
from app.services.hosts import get_host, patch_host, put_host
from tests.storage.workers import N1, a_host, fleet_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("midr", [0x4108D821, 0xC1D03F41, 0, 2**64 - 1])
async def test_an_impossible_register_stops_nothing(worker: Context, other: Context, midr: int) -> None:
    old = a_host("old", ReportedImplementation(midr, 0, 0))
    for host in (old, a_host("other", N1)):
        await put_host(worker, host, UNCONDITIONAL, "test")
    fleet = await fleet_of(other)
    assert {each.name for each in fleet} == {"old", "other"}
    assert (await get_host(other, "old")).host.identity == old.identity
    changed = await patch_host(other, "old", HostPatch(vmm="qemu 10.2"), UNCONDITIONAL, "test")
    assert changed.host.identity == old.identity
    assert [each.code for each in host_advice(changed.host.profile)] == ["impossible_midr"]
