"""Use cases are values, and give values: whoever boots a VM gets a boot, and once for a key if it asks so."""

import pytest

from app.domain.errors import DatabaseUnavailable, IdempotencyKeyReused, NotJudged, RoadsteadError, TooLarge, VmRunning
from app.domain.fleet.placement import Placement
from app.domain.paging import PageRequest
from app.domain.planning.guest import Guest
from app.domain.preconditions import UNCONDITIONAL
from app.domain.vms.advice import SealedBoot
from app.domain.vms.vm import VmDefinition
from app.services.boots import BootRequest, boot_vm, list_boots, stop_vm
from app.services.context import Context
from app.services.hosts import put_host
from app.services.idempotency import Answer, KeyedRequest, run_once
from app.services.use_cases import UseCase, run
from app.services.vms import put_vm
from app.storage.database import Transaction
from tests.storage.workers import a_host

pytestmark = pytest.mark.anyio


@pytest.fixture
async def context(worker: Context) -> Context:
    """A worker that knows a VM which does not run yet."""
    await put_host(worker, a_host("h1"), UNCONDITIONAL, "test")
    definition = VmDefinition(Placement(), Guest(discovers_implementations=True))
    await put_vm(worker, "vm-1", definition, UNCONDITIONAL)
    return worker


def booting(context: Context) -> UseCase[SealedBoot]:
    return boot_vm(context, BootRequest("vm-1", "h1"), UNCONDITIONAL)


def told(sealed: SealedBoot) -> Answer:
    return Answer(201, {"Location": f"{sealed.boot.vm}/{sealed.boot.number}"}, b"booted")


def refused(error: RoadsteadError) -> Answer:
    return Answer(409, {}, error.code.encode())


def keyed(key: str = "key", fingerprint: bytes = b"this") -> KeyedRequest:
    return KeyedRequest(key, lambda: fingerprint, refused)


async def boots(context: Context) -> list[int]:
    return [boot.number for boot in (await list_boots(context, "vm-1", PageRequest("", 10))).items]


async def test_nothing_happens_before_it_is_carried_out(context: Context) -> None:
    case = booting(context)
    assert await boots(context) == []
    boot = (await run(context, case)).boot
    assert (boot.vm, boot.number) == ("vm-1", 1)
    assert await boots(context) == [1]


async def test_it_can_be_carried_out_again(context: Context) -> None:
    case = booting(context)
    await run(context, case)
    with pytest.raises(VmRunning):
        await run(context, case)
    await run(context, stop_vm(context, "vm-1", UNCONDITIONAL))
    assert (await run(context, case)).boot.number == 2


async def test_under_a_key_it_is_carried_out_once(context: Context) -> None:
    first = await run_once(context, booting(context).then(told), keyed())
    assert first == Answer(201, {"Location": "vm-1/1"}, b"booted")
    await run(context, stop_vm(context, "vm-1", UNCONDITIONAL))
    assert await run_once(context, booting(context).then(told), keyed()) == first
    assert await boots(context) == [1]
    with pytest.raises(IdempotencyKeyReused):
        await run_once(context, booting(context).then(told), keyed(fingerprint=b"that"))
    assert (await run_once(context, booting(context).then(told), keyed("other"))).headers == {"Location": "vm-1/2"}


async def test_a_refusal_is_kept_although_all_else_is_undone(context: Context) -> None:
    await run(context, booting(context))
    first = await run_once(context, booting(context).then(told), keyed())
    assert first == Answer(409, {}, b"vm_running")
    await run(context, stop_vm(context, "vm-1", UNCONDITIONAL))
    assert await run_once(context, booting(context).then(told), keyed()) == first


@pytest.mark.parametrize("error", [DatabaseUnavailable(), TooLarge(1)])
async def test_what_was_not_judged_leaves_its_key_free(context: Context, error: NotJudged) -> None:
    async def broken_off(_: Transaction) -> Answer:
        raise error

    with pytest.raises(type(error)):
        await run_once(context, UseCase(broken_off), keyed())
    assert (await run_once(context, booting(context).then(told), keyed())).status == 201


async def test_what_cannot_be_told_is_not_done(context: Context) -> None:
    def untold(_: SealedBoot) -> Answer:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await run_once(context, booting(context).then(untold), keyed())
    assert await boots(context) == []
