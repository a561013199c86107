"""Implementation lists by digest: written once, never changed, shared by any number of boots."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.errors import ImplementationListUnreadable
from app.domain.planning.implementation_list import ImplementationList
from app.kept import Shared
from app.storage.direct import Statement, Write, named
from app.storage.tables import implementation_lists
from app.storage.unreadable import DAMAGE, readable

_PREFIX: Final = "sha256:"
_KEPT_BYTES: Final = 32 * 2**20
_ENTRY_BYTES: Final = 1_200
"""What an entry of a list takes, with its share of all that a list works out: its forms, members and relatives."""
_BATCH: Final = 100
"""Lists read from one statement: little enough not to hold up everybody else."""


_SAVE: Final = Statement(
    postgresql.insert(implementation_lists).values(named(implementation_lists)).on_conflict_do_nothing(),
    on_sqlite=sqlite.insert(implementation_lists).values(named(implementation_lists)).on_conflict_do_nothing(),
)


def digest_bytes(digest: str) -> bytes:
    return bytes.fromhex(digest.removeprefix(_PREFIX))


def digest_text(digest: bytes) -> str:
    return _PREFIX + digest.hex()


class ListCache(Shared[ImplementationList]):
    """Lists by digest."""

    def __init__(self) -> None:
        super().__init__(_KEPT_BYTES, _size)

    def read(self, digest: bytes, entries: bytes) -> ImplementationList:
        """Keep the list that is stored so. Raises ValueError where it is not the one of the digest."""
        found = ImplementationList.from_binary(entries)
        if digest_bytes(found.digest) != digest:
            message = f"the entries are not those of {digest_text(digest)}"
            raise ValueError(message)
        return self.keep(digest, found)


def _size(implementations: ImplementationList) -> int:
    return _ENTRY_BYTES * (1 + len(implementations))


class ImplementationLists:
    def __init__(self, connection: AsyncConnection, cache: ListCache) -> None:
        self._connection = connection
        self._cache = cache

    async def find(self, digest: str) -> ImplementationList | None:
        key = digest_bytes(digest)
        if cached := self._cache.get(key):
            return cached
        statement = select(implementation_lists.c.entries).where(implementation_lists.c.digest == key)
        entries = (await self._connection.execute(statement)).scalar_one_or_none()
        try:
            return None if entries is None else self._cache.read(key, entries)
        except DAMAGE:
            raise ImplementationListUnreadable(digest) from None

    async def of(self, digests: Collection[bytes]) -> Mapping[bytes, ImplementationList]:
        """The lists of these digests; those that cannot be read are not among them."""
        found = {digest: cached for digest in digests if (cached := self._cache.get(digest))}
        missing = sorted(digest for digest in digests if digest not in found)
        for start in range(0, len(missing), _BATCH):
            statement = select(implementation_lists).where(
                implementation_lists.c.digest.in_(missing[start : start + _BATCH])
            )
            for row in await self._connection.execute(statement):
                if read := readable(
                    "list", digest_text(row.digest), partial(self._cache.read, row.digest, row.entries)
                ):
                    found[row.digest] = read
        return found

    def known(self, digest: bytes, entries: bytes) -> ImplementationList:
        """The list of a row that was read together with something else."""
        return self._cache.get(digest) or self._cache.read(digest, entries)

    @staticmethod
    def saving(implementations: ImplementationList) -> Write:
        """What keeps a list, if it is not kept already."""
        return Write(_SAVE, {"digest": digest_bytes(implementations.digest), "entries": implementations.binary})
