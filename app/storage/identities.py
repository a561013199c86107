"""Identities by content: the registers of a host's CPUs, kept once however many hosts report them."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cpu.cpulist import parse_cpulist
from app.domain.cpu.identity import CpuGroup, Identity
from app.domain.cpu.implementation import ReportedImplementation
from app.storage.tables import identities, identity_groups
from app.storage.upsert import insert

_BATCH: Final = 500
"""Digests asked for in one statement."""


class IdentityCache(dict[bytes, Identity]):
    """Committed identities by digest. They never change, so what is here is right for good."""


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
        """The identities of these digests, and more: what is in memory anyway."""
        missing = sorted({digest for digest in digests if digest not in self._cache})
        for start in range(0, len(missing), _BATCH):
            await self._load(missing[start : start + _BATCH])
        return self._cache

    async def _load(self, digests: list[bytes]) -> None:
        statement = (
            select(identity_groups)
            .where(identity_groups.c.digest.in_(digests))
            .order_by(identity_groups.c.digest, identity_groups.c.position)
        )
        groups: dict[bytes, list[CpuGroup]] = defaultdict(list)
        for row in await self._connection.execute(statement):
            groups[row.digest].append(_group(row))
        self._cache.update((digest, Identity(tuple(members))) for digest, members in groups.items())

    async def save(self, found: Mapping[bytes, Identity]) -> None:
        """Write those that are not stored yet, in order of the digest, so that two writers cannot block each other.

        What is in memory is written too: a database that was restored need not have it any more.
        """
        if not found:
            return
        ordered = {digest: found[digest] for digest in sorted(found)}
        await self._connection.execute(
            insert(self._connection, identities).on_conflict_do_nothing(), [{"digest": digest} for digest in ordered]
        )
        await self._connection.execute(
            insert(self._connection, identity_groups).on_conflict_do_nothing(),
            [values for digest, identity in ordered.items() for values in _group_values(digest, identity)],
        )


def _group(row: Row[Any]) -> CpuGroup:
    cpus = None if row.cpu_list is None else parse_cpulist(row.cpu_list)
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
