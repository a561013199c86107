"""Identities by content: the registers of a host's CPUs, kept once however many hosts report them."""

import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cpu.cpulist import read_cpulist
from app.domain.cpu.identity import CpuGroup, Identity
from app.domain.cpu.implementation import ReportedImplementation
from app.domain.fleet.host import UNREADABLE
from app.kept import Shared
from app.storage.tables import identities, identity_groups
from app.storage.unreadable import DAMAGE
from app.storage.upsert import insert

_BATCH: Final = 500
"""Digests asked for in one statement."""
_SAID: Final = ("cpu_list", "midr", "revidr", "aidr")
"""The columns of a group that say what was reported."""


_RECENT_BYTES: Final = 4 * 2**20
"""Of identities that are kept though no host of the fleet has them."""
_GROUP_BYTES: Final = 600
"""What a group takes beside its mask, with its share of what an identity works out."""


class IdentityCache(Shared[Identity]):
    """Committed identities by digest, so that what is here is right for good. The fleet holds its own."""

    def __init__(self) -> None:
        super().__init__(_RECENT_BYTES, _size)


def _size(identity: Identity) -> int:
    return sum(_GROUP_BYTES + (sys.getsizeof(group.cpus.mask) if group.cpus else 0) for group in identity.groups)


def identity_digest(identity: Identity) -> bytes:
    """SHA-256 over one line a group: cpulist, MIDR, REVIDR, AIDR; `-` stands for what is not given."""
    lines = (
        f"{group.cpus or '-'} {group.reported.midr:x} {group.reported.revidr:x} {_or_dash(group.reported.aidr)}\n"
        for group in identity.groups
    )
    return hashlib.sha256("".join(lines).encode()).digest()


def _or_dash(value: int | None) -> str:
    return "-" if value is None else f"{value:x}"


class Identities:
    def __init__(self, connection: AsyncConnection, cache: IdentityCache) -> None:
        self._connection = connection
        self._cache = cache

    async def one(self, digest: bytes) -> Identity:
        return (await self.of((digest,)))[digest]

    async def of(self, digests: Iterable[bytes]) -> Mapping[bytes, Identity]:
        """The identities of these digests. Some may be UNREADABLE."""
        wanted = set(digests)
        found = {digest: identity for digest in wanted if (identity := self._cache.get(digest))}
        missing = sorted(wanted - found.keys())
        for start in range(0, len(missing), _BATCH):
            found |= await self._load(missing[start : start + _BATCH])
        return found

    async def _load(self, digests: list[bytes]) -> dict[bytes, Identity]:
        statement = (
            select(identity_groups)
            .where(identity_groups.c.digest.in_(digests))
            .order_by(identity_groups.c.digest, identity_groups.c.position)
        )
        rows: dict[bytes, list[Row[Any]]] = defaultdict(list)
        for row in await self._connection.execute(statement):
            rows[row.digest].append(row)
        found = {digest: _identity(digest, rows[digest]) for digest in digests}
        # What cannot be read is not kept: somebody may mend it.
        return {
            digest: self._cache.keep(digest, identity) if identity.readable else identity
            for digest, identity in found.items()
        }

    async def save(self, found: Mapping[bytes, Identity]) -> None:
        """Write those that are not stored as they are, in order of the digest, so that writers cannot block each other.

        What is in memory is written too: a database that was restored need not have it any more, or has it damaged.
        """
        if not found:
            return
        ordered = {digest: found[digest] for digest in sorted(found)}
        await self._connection.execute(
            insert(self._connection, identities).on_conflict_do_nothing(), [{"digest": digest} for digest in ordered]
        )
        await self._connection.execute(
            self._put_groups(),
            [values for digest, identity in ordered.items() for values in _group_values(digest, identity)],
        )

    def _put_groups(self) -> Any:
        statement = insert(self._connection, identity_groups)
        said = {name: statement.excluded[name] for name in _SAID}
        differs = or_(*(identity_groups.c[name].is_distinct_from(value) for name, value in said.items()))
        return statement.on_conflict_do_update(index_elements=["digest", "position"], set_=said, where=differs)

    async def keep(self, digest: bytes) -> None:
        """Let history name an identity, though nothing of it may be left."""
        statement = insert(self._connection, identities).values(digest=digest).on_conflict_do_nothing()
        await self._connection.execute(statement)


def _identity(digest: bytes, rows: Sequence[Row[Any]]) -> Identity:
    """What the rows say, if that is what was once stored under this digest; UNREADABLE otherwise."""
    try:
        identity = Identity(tuple(_group(row) for row in rows))
        return identity if identity_digest(identity) == digest else UNREADABLE
    except DAMAGE:
        return UNREADABLE


def _group(row: Row[Any]) -> CpuGroup:
    cpus = None if row.cpu_list is None else read_cpulist(row.cpu_list)
    return CpuGroup(cpus, ReportedImplementation(row.midr, row.revidr, row.aidr))


def _group_values(digest: bytes, identity: Identity) -> list[dict[str, object]]:
    return [
        {
            "digest": digest,
            "position": position,
            "cpu_list": None if group.cpus is None else str(group.cpus),
            **group.reported._asdict(),
        }
        for position, group in enumerate(identity.groups)
    ]
