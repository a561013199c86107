"""Implementation lists by digest: written once, never changed, shared by any number of boots."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.errors import ImplementationListUnreadable
from app.domain.planning.implementation_list import ImplementationList
from app.storage.direct import Statement, Write, named
from app.storage.tables import implementation_lists
from app.storage.unreadable import DAMAGE

_PREFIX: Final = "sha256:"
_KEPT: Final = 4_096


_SAVE: Final = Statement(
    postgresql.insert(implementation_lists).values(named(implementation_lists)).on_conflict_do_nothing(),
    on_sqlite=sqlite.insert(implementation_lists).values(named(implementation_lists)).on_conflict_do_nothing(),
)


def digest_bytes(digest: str) -> bytes:
    return bytes.fromhex(digest.removeprefix(_PREFIX))


def digest_text(digest: bytes) -> str:
    return _PREFIX + digest.hex()


class ListCache(dict[bytes, ImplementationList]):
    """Recently used lists by digest. They never change; the oldest make room."""

    def keep(self, digest: bytes, entries: bytes) -> ImplementationList:
        found = ImplementationList.from_binary(entries)
        if digest_bytes(found.digest) != digest:
            message = f"the entries are not those of {digest_text(digest)}"
            raise ValueError(message)
        if len(self) >= _KEPT:
            del self[next(iter(self))]
        return self.setdefault(digest, found)


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

    @staticmethod
    def saving(implementations: ImplementationList) -> Write:
        """What keeps a list, if it is not kept already."""
        return Write(_SAVE, {"digest": digest_bytes(implementations.digest), "entries": implementations.binary})
