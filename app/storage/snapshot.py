"""The fleet in memory, brought up to date by fleet revision before it answers anything.

Any number of workers each keep one. A worker reads the rows that are newer than what it has, so no answer is older
than the last change that was committed before the question, and nobody has to tell anybody of a change.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from sys import intern
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, not_, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.domain.cpu.identity import Identity
from app.domain.errors import DatabaseUnavailable
from app.domain.fleet.fleet import Fleet, FleetHost, Labels
from app.domain.fleet.host import UNREADABLE, HostState, Profile
from app.storage.database_loss import LOSSES
from app.storage.direct import Direct, Statement
from app.storage.identities import Identities, IdentityCache
from app.storage.profiles import PROFILE_COLUMNS, read_profile
from app.storage.tables import deleted_hosts, fleet, fleet_revisions, hosts
from app.storage.unreadable import note, readable

_BATCH: Final = 2_000
"""Rows taken from the database at a time, so that reading a large fleet needs little memory."""


@dataclass(frozen=True, slots=True)
class _Held:
    fleet: Fleet
    token: bytes | None
    """Of the fleet's revision: tells apart two histories in which a database came to the same number."""
    unread: frozenset[bytes] = frozenset()
    """Digests of the identities of hosts that could not be read. They are tried again with every change."""


_NOTHING: Final = _Held(Fleet(revision=0), token=None)


class FleetSnapshot:
    """One to a process. Reads through an engine of its own, so that nobody holds a connection to wait for another."""

    def __init__(self, engine: AsyncEngine, cache: IdentityCache, max_age: timedelta | None) -> None:
        self._engine = engine
        self._cache = cache
        self._max_age = max_age
        self._held = _NOTHING
        self._lost = 0
        self._turn = asyncio.Lock()
        self._labels: dict[Labels, Labels] = {}

    async def current(self, direct: Direct, now: datetime) -> Fleet:
        """The fleet as of the last change committed before this call."""
        held = self._held
        if not await _is_current(direct, held):
            held = await self._brought_up()
        return await self._with_stale(direct, held.fleet, now)

    async def _brought_up(self) -> _Held:
        lost = self._lost
        async with self._turn:
            if self._lost != lost:
                # Who waited would only lose the database once more, each after the other.
                raise DatabaseUnavailable
            try:
                return await self._brought_up_alone()
            except (DBAPIError, *LOSSES):
                self._lost += 1
                raise

    async def _brought_up_alone(self) -> _Held:
        async with self._engine.connect() as connection:
            # One transaction with one view, so that the revision, its token and the rows are of one moment.
            viewing = await connection.execution_options(**_ONE_VIEW[connection.dialect.name])
            async with viewing.begin():
                base = self._held if await _has_in_its_past(connection, self._held) else _NOTHING
                self._held = await self._read(connection, base)
            return self._held

    async def _read(self, connection: AsyncConnection, base: _Held) -> _Held:
        revision, token = (await connection.execute(_PRESENT)).one()
        if base is not _NOTHING and revision == base.fleet.revision:
            return base
        if len(base.unread) > _BATCH:
            base = _NOTHING
        put: list[FleetHost] = []
        unread: dict[bytes, str] = {}
        async with connection.stream(_PUT.where(_news(base))) as result:
            async for rows in result.partitions(_BATCH):
                known = await Identities(connection, self._cache).of(row.identity for row in rows)
                read = [self._host(row, known[row.identity]) for row in rows]
                unread |= {row.identity: row.name for row in rows if not known[row.identity].readable}
                put += read
        gone = select(deleted_hosts.c.name).where(deleted_hosts.c.revision > base.fleet.revision)
        deleted = _without((await connection.execute(gone)).scalars(), put)
        self._forget_unused()
        _note_news(unread, base.unread)
        return _Held(base.fleet.changed(put, deleted, revision), token, frozenset(unread))

    def _forget_unused(self) -> None:
        # What is shared is not counted; when most of it must be of the past, begin again.
        if len(self._labels) > 1_000 + 2 * len(self._held.fleet):
            self._labels.clear()

    def _host(self, row: Any, identity: Identity) -> FleetHost:  # noqa: ANN401 - a row of _PUT
        read = readable("host", row.name, lambda: self._readable_host(row, identity))
        return read or FleetHost(row.name, HostState.CORDONED, (), Profile(identity=UNREADABLE))

    def _readable_host(self, row: Any, identity: Identity) -> FleetHost:  # noqa: ANN401 - the same
        # Hosts share labels by the thousand: keep each once.
        name, state, pairs, _, *facts = row
        labels = tuple(sorted((intern(key), intern(value)) for key, value in pairs.items()))
        profile = read_profile(identity, tuple(facts))
        return FleetHost(name, HostState(state), self._labels.setdefault(labels, labels), profile)

    async def _with_stale(self, direct: Direct, present: Fleet, now: datetime) -> Fleet:
        """Heartbeats do not change the fleet's revision, so who missed them is asked each time; few, if all is well."""
        if self._max_age is None:
            return present
        rows = await direct.rows(_STALE, earliest=now - self._max_age, latest=now + self._max_age)
        return present.with_stale(row.name for row in rows)


def _without(deleted: Iterable[str], put: Iterable[FleetHost]) -> list[str]:
    """The names that are still gone: a host may have been created again since."""
    back = {host.name for host in put}
    return [name for name in deleted if name not in back]


_token: Final = select(fleet_revisions.c.token).where(fleet_revisions.c.revision == fleet.c.revision).scalar_subquery()
_PRESENT: Final = select(fleet.c.revision, _token.label("token"))
_LOOK: Final = Statement(_PRESENT)
_STALE: Final = Statement(
    select(hosts.c.name).where(not_(hosts.c.observed_at.between(bindparam("earliest"), bindparam("latest"))))
)
_PUT: Final = select(hosts.c.name, hosts.c.state, hosts.c.labels, *PROFILE_COLUMNS)

_ONE_VIEW: Final[Mapping[str, Mapping[str, str]]] = {
    "postgresql": {"isolation_level": "REPEATABLE READ"},
    "sqlite": {"sqlite_begin": "BEGIN"},
}


def _news(base: _Held) -> ColumnElement[bool]:
    """The hosts that are not as they are held: changed since, or not to be read then."""
    changed = hosts.c.revision > base.fleet.revision
    return or_(changed, hosts.c.identity.in_(sorted(base.unread))) if base.unread else changed


def _note_news(unread: Mapping[bytes, str], noted: frozenset[bytes]) -> None:
    """Name one host of each identity that cannot be read; there may be thousands that share it."""
    for digest, host in unread.items():
        if digest not in noted:
            note("host", host, f"the registers stored as {digest.hex()}, perhaps of other hosts too")


async def _is_current(direct: Direct, held: _Held) -> bool:
    revision, token = await direct.row(_LOOK)
    return held is not _NOTHING and revision == held.fleet.revision and token == held.token


async def _has_in_its_past(connection: AsyncConnection, held: _Held) -> bool:
    """Whether the database went through the held revision: not after it was restored, nor long after."""
    known = select(fleet_revisions.c.token).where(fleet_revisions.c.revision == held.fleet.revision)
    token = (await connection.execute(known)).scalar_one_or_none()
    return token is not None and token == held.token
