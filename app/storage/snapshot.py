"""The fleet in memory, brought up to date by fleet revision before it answers anything.

Any number of workers each keep one. A worker reads the rows that are newer than what it has, so no answer is older
than the last change that was committed before the question, and nobody has to tell anybody of a change.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from sys import intern
from typing import Any, Final

from sqlalchemy import Row, Select, and_, false, null, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.fleet import Fleet, FleetHost, Labels
from app.domain.host import Capabilities, HostState
from app.storage.identities import Identities, IdentityCache
from app.storage.tables import deleted_hosts, fleet, fleet_revisions, hosts

_BATCH: Final = 2_000
"""Rows taken from the database at a time, so that reading a large fleet needs little memory."""


@dataclass(frozen=True, slots=True)
class _Held:
    fleet: Fleet
    token: bytes | None
    """Of the fleet's revision: tells apart two histories in which a database came to the same number."""


_NOTHING: Final = _Held(Fleet(revision=0), token=None)


class FleetSnapshot:
    def __init__(self, cache: IdentityCache, max_age: timedelta | None) -> None:
        self._cache = cache
        self._max_age = max_age
        self._held = _NOTHING
        self._turn = asyncio.Lock()
        self._labels: dict[Labels, Labels] = {}
        self._capabilities: dict[Capabilities, Capabilities] = {}

    async def current(self, connection: AsyncConnection, now: datetime) -> Fleet:
        """The fleet as of the last change committed before this call."""
        held = self._held
        stands = (await connection.execute(_standing(held))).one()
        if stands.token is None or stands.revision < held.fleet.revision:
            held = _NOTHING
        if stands.revision != held.fleet.revision or held is _NOTHING:
            held = await self._brought_up(connection, held)
        return await self._with_stale(connection, held.fleet, now)

    async def _brought_up(self, connection: AsyncConnection, base: _Held) -> _Held:
        async with self._turn:
            if base is not _NOTHING and self._held.fleet.revision > base.fleet.revision:
                base = self._held
            self._held = await self._read(connection, base)
            return self._held

    async def _read(self, connection: AsyncConnection, base: _Held) -> _Held:
        # One statement, so that the revision, its token and the rows are of one moment.
        put: list[FleetHost] = []
        deleted: list[str] = []
        revision, token = base.fleet.revision, base.token
        async with connection.stream(_changes_since(base.fleet.revision)) as result:
            async for rows in result.partitions(_BATCH):
                revision, token = rows[0].fleet_revision, rows[0].token
                await Identities(connection, self._cache).of(row.identity for row in rows if row.identity)
                deleted += [row.name for row in rows if row.deleted]
                put += [self._host(row) for row in rows if row.identity]
        return _Held(base.fleet.changed(put, _without(deleted, put), revision), token)

    def _host(self, row: Row[Any]) -> FleetHost:
        # Hosts share labels and capabilities by the thousand: keep each once.
        labels = tuple(sorted((intern(key), intern(value)) for key, value in row.labels.items()))
        capabilities = Capabilities(row.writable_id_registers, row.discovery_hypercalls)
        return FleetHost(
            row.name,
            HostState(row.state),
            self._labels.setdefault(labels, labels),
            self._cache[row.identity],
            self._capabilities.setdefault(capabilities, capabilities),
        )

    async def _with_stale(self, connection: AsyncConnection, present: Fleet, now: datetime) -> Fleet:
        """Heartbeats do not change the fleet's revision, so who missed them is asked each time; few, if all is well."""
        if self._max_age is None:
            return present
        fresh = and_(hosts.c.observed_at >= now - self._max_age, hosts.c.observed_at <= now + self._max_age)
        rows = await connection.execute(select(hosts.c.name).where(~fresh))
        return present.with_stale(rows.scalars())


def _without(deleted: Iterable[str], put: Iterable[FleetHost]) -> list[str]:
    """The names that are still gone: a host may have been created again since."""
    back = {host.name for host in put}
    return [name for name in deleted if name not in back]


def _standing(held: _Held) -> Select[Any]:
    """The present revision, and the token that the held revision has in this database: none in another history."""
    known = and_(fleet_revisions.c.revision == held.fleet.revision, fleet_revisions.c.token == held.token)
    return select(fleet.c.revision, fleet_revisions.c.token).select_from(fleet.outerjoin(fleet_revisions, known))


def _changes_since(revision: int) -> Select[Any]:
    columns = (
        hosts.c.state,
        hosts.c.labels,
        hosts.c.identity,
        hosts.c.writable_id_registers,
        hosts.c.discovery_hypercalls,
    )
    put = select(hosts.c.name, false().label("deleted"), *columns).where(hosts.c.revision > revision)
    nothing = (null().label(column.name) for column in columns)
    gone = select(deleted_hosts.c.name, true().label("deleted"), *nothing).where(deleted_hosts.c.revision > revision)
    changes = union_all(put, gone).subquery()
    token = select(fleet_revisions.c.token).where(fleet_revisions.c.revision == fleet.c.revision).scalar_subquery()
    return select(fleet.c.revision.label("fleet_revision"), token.label("token"), changes).select_from(
        fleet.outerjoin(changes, true())
    )
