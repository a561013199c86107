"""Implementation lists by digest: written once, never changed, shared by any number of boots."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.cache import BoundedCache
from app.domain.errors import ImplementationListUnreadable
from app.domain.planning.implementation_list import ImplementationList
from app.storage.tables import implementation_lists
from app.storage.unreadable import DAMAGE
from app.storage.upsert import insert

_PREFIX: Final = "sha256:"
_KEPT_BYTES: Final = 32 * 2**20
_ENTRY_BYTES: Final = 1_200
"""What an entry of a list takes, with its share of all that a list works out: its forms, members and relatives."""


def digest_bytes(digest: str) -> bytes:
    return bytes.fromhex(digest.removeprefix(_PREFIX))


def digest_text(digest: bytes) -> str:
    return _PREFIX + digest.hex()


class ListCache:
    """Recently used lists by digest. They never change."""

    def __init__(self) -> None:
        self._kept: BoundedCache[bytes, ImplementationList] = BoundedCache(_KEPT_BYTES, _size)

    def get(self, digest: bytes) -> ImplementationList | None:
        return self._kept.get(digest)

    def keep(self, digest: bytes, entries: bytes) -> ImplementationList:
        found = ImplementationList.from_binary(entries)
        if digest_bytes(found.digest) != digest:
            message = f"the entries are not those of {digest_text(digest)}"
            raise ValueError(message)
        return self._kept.keep(digest, found)


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
            return None if entries is None else self._cache.keep(key, entries)
        except DAMAGE:
            raise ImplementationListUnreadable(digest) from None

    def known(self, digest: bytes, entries: bytes) -> ImplementationList:
        """The list of a row that was read together with something else."""
        return self._cache.get(digest) or self._cache.keep(digest, entries)

    async def save(self, implementations: ImplementationList) -> bytes:
        key = digest_bytes(implementations.digest)
        row = {"digest": key, "entries": implementations.binary}
        await self._connection.execute(
            insert(self._connection, implementation_lists).values(row).on_conflict_do_nothing()
        )
        return key
