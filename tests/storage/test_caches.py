"""What is kept in memory because it never changes."""

import pytest

from app.domain.cpu.implementation import Implementation, ReportedImplementation
from app.domain.planning.implementation_list import ImplementationList
from app.domain.preconditions import UNCONDITIONAL
from app.services.context import Context
from app.services.hosts import put_host
from app.services.implementation_lists import get_implementation_list
from app.storage import implementation_lists
from app.storage.identities import identity_digest
from app.storage.implementation_lists import ListCache, digest_bytes
from tests.storage.statements import statements
from tests.storage.workers import N1, N2, Group, a_host

pytestmark = pytest.mark.anyio


def a_list(*revidrs: int) -> ImplementationList:
    return ImplementationList(tuple(Implementation(0x413FD0C1, revidr, 0) for revidr in revidrs))


async def test_an_identity_is_read_once(worker: Context, other: Context) -> None:
    kinds: list[tuple[Group, ...]] = [(N1,), (N2,), (("0-3", N1), ("4-7", ReportedImplementation(1, 2, None)))]
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


def test_the_list_read_first_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(implementation_lists, "_KEPT", 2)
    cache = ListCache()
    digests = [digest_bytes(a_list(number).digest) for number in range(3)]
    for number, digest in enumerate(digests):
        cache.keep(digest, a_list(number).binary)
    assert list(cache) == digests[1:]
