"""What is kept in memory because it never changes."""

import gc
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from app.domain.cpu.cpulist import CpuList
from app.domain.cpu.implementation import Implementation, ReportedImplementation
from app.domain.planning.implementation_list import ImplementationList
from app.domain.preconditions import UNCONDITIONAL
from app.services.context import Context
from app.services.hosts import put_host
from app.services.implementation_lists import get_implementation_list
from app.settings import Settings
from app.storage import identities, implementation_lists
from app.storage.identities import identity_digest
from app.storage.implementation_lists import ListCache, digest_bytes
from tests.api import talk
from tests.api.talk import boot, get, group, put_vm
from tests.serving import serving
from tests.storage.statements import statements
from tests.storage.workers import N1, N2, Group, a_host, fleet_of, working

pytestmark = pytest.mark.anyio


def a_list(*revidrs: int) -> ImplementationList:
    return ImplementationList(tuple(Implementation(0x413FD0C1, revidr, 0) for revidr in revidrs))


async def test_an_identity_is_read_once(worker: Context, other: Context) -> None:
    kinds: list[tuple[Group, ...]] = [(N1,), (N2,), (("0-3", N1), ("4-7", ReportedImplementation(N2.midr, 2, None)))]
    digests = []
    for number, groups in enumerate(kinds):
        host = a_host(f"h{number}", *groups)
        await put_host(worker, host, UNCONDITIONAL, "test")
        digests.append(identity_digest(host.identity))
        async with other.database.reading() as tx:
            assert await tx.identities.one(digests[-1]) == host.identity
    async with other.database.reading() as tx:
        with statements() as sent:
            await tx.identities.of(digests)
        assert sent == []


async def test_hosts_with_equal_registers_share_one_identity(worker: Context) -> None:
    for name in ("h1", "h2"):
        await put_host(worker, a_host(name, ("0-3", N1)), UNCONDITIONAL, "test")
    async with worker.database.reading() as tx:
        rows = (await tx.connection.exec_driver_sql("SELECT count(*) FROM identity_groups")).scalar_one()
    assert rows == 1


async def test_identities_differ_by_every_part(worker: Context) -> None:
    groups: list[tuple[Group, ...]] = [
        (N1,),
        (("0", N1),),
        (("0-1", N1),),
        (ReportedImplementation(N1.midr, 0, None),),
        (ReportedImplementation(N1.midr, 0, 1),),
        (ReportedImplementation(N1.midr, 1, 0),),
        (("0", N1), ("1", N2)),
        (("1", N2), ("0", N1)),
    ]
    assert len({identity_digest(a_host("h1", *each).identity) for each in groups}) == len(groups)


async def test_a_list_is_read_once(worker: Context, other: Context) -> None:
    sealed = a_list(0, 1)
    async with worker.database.writing() as tx:
        await tx.direct.write(tx.lists.saving(sealed))
        await tx.direct.write(tx.lists.saving(sealed))
    assert await get_implementation_list(other, sealed.digest) == sealed
    with statements() as sent:
        assert await get_implementation_list(other, sealed.digest) == sealed
    assert sent == []


def test_lists_make_room_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """One long list weighs what many short ones do."""
    monkeypatch.setattr(implementation_lists, "_KEPT_BYTES", 10 * implementation_lists._ENTRY_BYTES)
    cache = ListCache()

    def kept(*lists: ImplementationList) -> list[bool]:
        return [cache.get(digest_bytes(each.digest)) is not None for each in lists]

    short = [a_list(number) for number in range(5)]
    for each in short:
        cache.read(digest_bytes(each.digest), each.binary)
    assert kept(*short) == [True] * 5
    long = a_list(*range(100, 106))
    cache.read(digest_bytes(long.digest), long.binary)
    assert kept(*short, long) == [False, False, False, False, True, True]
    longer = a_list(*range(100, 110))
    assert cache.read(digest_bytes(longer.digest), longer.binary) == longer
    assert kept(short[4], long, longer) == [True, True, False]


def test_what_a_list_is_reckoned_to_take_is_no_less_than_it_takes() -> None:
    binary = a_list(*range(2**20, 2**20 + 2_000)).binary
    with measured() as taken:
        kept = ImplementationList.from_binary(binary)
        assert kept.relatives.nearest(kept.vcpu_identity) == kept.vcpu_identity
        assert (len(kept.members), len(kept.binary), kept.qemu[:8]) == (2_000, 48_000, "impl-cpu")
    assert taken() <= 2_000 * implementation_lists._ENTRY_BYTES


def divided(number: int) -> tuple[Group, ...]:
    """As many groups as a host may have, and as large ones."""
    return tuple(
        (f"{first}-65535:1/64", ReportedImplementation(N1.midr, number * 64 + first, 0)) for first in range(64)
    )


def test_what_an_identity_is_reckoned_to_take_is_no_less_than_it_takes() -> None:
    with measured() as taken:
        identity = a_host("h1", *divided(0)).identity
        assert (len(identity.reported), len(identity.known), identity.complete) == (64, 64, True)
    assert taken() <= identities._size(identity)


async def test_nothing_stays_of_hosts_that_are_gone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports of one host, each of a few kilobytes as it is sent, and of half a megabyte as it is held."""
    monkeypatch.setattr(identities, "_RECENT_BYTES", 2**20)
    async with serving(settings) as client:
        await talk.put_host(client, "h1")
        await put_vm(client, "vm-1")
        await boot(client, "vm-1", "h1")
        before = held_in_masks()
        for number in range(8):
            cpus = [group((N1.midr, number * 64 + first, 0), f"{first}-65535:1/64") for first in range(64)]
            await talk.put_host(client, "h2", *cpus)
            assert (await get(client, "/v1/vms/vm-1/targets/h2"))["reasons"]
        assert (await client.delete("/v1/hosts/h2")).status_code == 204
        assert (await get(client, "/v1/vms/vm-1/targets"))["total"] == 0
        # Some identities are kept in case they are asked for again.
        assert held_in_masks() - before <= 2**20


def held_in_masks() -> int:
    """Bytes of all lists of CPUs that are held by anybody."""
    gc.collect()
    return sum(sys.getsizeof(each.mask) for each in gc.get_objects() if isinstance(each, CpuList))


async def test_an_identity_is_shared_for_as_long_as_a_host_has_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many have been met since, and with no room for those that are only recent."""
    monkeypatch.setattr(identities, "_RECENT_BYTES", 0)
    # Registers that no worker of another test may still hold.
    own = ReportedImplementation(0x410FD4F1, uuid4().int >> 64, 0)
    async with working(settings) as writer:
        await put_host(writer, a_host("h1", own), UNCONDITIONAL, "test")
    # Nor this one's: what hosts report is shared in a process, which has one worker but in tests.
    gc.collect()
    async with working(settings) as other:
        host = (await fleet_of(other)).host("h1")
        assert host
        async with other.database.reading() as tx:
            with statements() as sent:
                assert await tx.identities.one(identity_digest(host.identity)) is host.identity
            assert sent == []
            digest = identity_digest(a_host("h2", N2).identity)
            assert not (await tx.identities.one(digest)).readable


@contextmanager
def measured() -> Iterator[Callable[[], int]]:
    """How many bytes more are in use at the end of the block than were at its beginning."""
    gc.collect()
    tracemalloc.start()
    begun = tracemalloc.get_traced_memory()[0]
    ended = begun
    try:
        yield lambda: ended - begun
        gc.collect()
        ended = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
