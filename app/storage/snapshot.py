"""The fleet in memory, brought up to date by fleet revision before it answers anything.

Any number of workers each keep one. A worker reads the rows that are newer than what it has, so no answer is older
than the last change that was committed before the question, and nobody has to tell anybody of a change.
"""

import asyncio
import gc
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from sys import intern
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, null, or_, select
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

_BATCH: Final = 500
"""Rows taken from the database at a time: reading a large fleet needs little memory, and nobody waits long."""


@dataclass(frozen=True, slots=True)
class _Held:
    fleet: Fleet
    token: bytes | None
    """Of the fleet's revision: tells apart two histories in which a database came to the same number."""
    unread: frozenset[bytes] = frozenset()
    """Digests of the identities of hosts that could not be read. They are tried again with every change."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """What changes from moment to moment, all of one."""

    revision: int
    token: bytes | None
    stale: Collection[str]
    """Names of the hosts whose last observation is too old."""

    def is_of(self, held: _Held) -> bool:
        return self.revision == held.fleet.revision and self.token == held.token

    def shown(self, present: Fleet) -> Fleet:
        """The fleet, of this moment's revision, with who is stale now."""
        return present.with_stale(self.stale) if self.stale else present


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
        held, (statement, values) = self._held, self._look(now)
        moment = _moment(await direct.rows(statement, **values))
        if held is not _NOTHING and moment.is_of(held):
            return moment.shown(held.fleet)
        return await self._brought_up(now)

    def held(self, revision: int, token: bytes | None) -> Fleet | None:
        """The fleet at a revision, of which nobody is said to be stale; None if memory has another one."""
        held = self._held
        return held.fleet if held is not _NOTHING and (revision, token) == (held.fleet.revision, held.token) else None

    async def _brought_up(self, now: datetime) -> Fleet:
        lost = self._lost
        async with self._turn:
            if self._lost != lost:
                # Who waited would only lose the database once more, each after the other.
                raise DatabaseUnavailable
            try:
                return await self._brought_up_alone(now)
            except (DBAPIError, *LOSSES):
                self._lost += 1
                raise

    async def _brought_up_alone(self, now: datetime) -> Fleet:
        async with self._engine.connect() as connection:
            # One transaction with one view, so that all that is read is of one moment.
            viewing = await connection.execution_options(**ONE_VIEW[connection.dialect.name])
            async with viewing.begin():
                statement, values = self._look(now)
                moment = _moment((await connection.execute(statement.made, values)).all())
                base = self._held if await _has_in_its_past(connection, self._held) else _NOTHING
                held = self._held = await self._read(connection, base, moment)
            return moment.shown(held.fleet)

    async def _read(self, connection: AsyncConnection, base: _Held, moment: _Moment) -> _Held:
        if base is not _NOTHING and moment.is_of(base):
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
        _note_news(unread, base.unread)
        # In a thread: a large fleet takes longer to index than others should wait.
        changed = await asyncio.to_thread(base.fleet.changed, put, deleted, moment.revision)
        self._forget_unused(changed)
        if len(put) > _BATCH:
            # To look through 100,000 hosts for cycles, of which they have none, holds everybody else up each time.
            gc.freeze()
        return _Held(changed, moment.token, frozenset(unread))

    def _forget_unused(self, present: Fleet) -> None:
        # What is shared is not counted; when half of it must be of the past, begin again.
        if len(self._labels) > 2 * len(present):
            self._labels.clear()

    def _host(self, row: Any, identity: Identity) -> FleetHost:
        read = readable("host", row.name, lambda: self._readable_host(row, identity))
        return read or FleetHost(row.name, HostState.CORDONED, (), Profile(identity=UNREADABLE))

    def _readable_host(self, row: Any, identity: Identity) -> FleetHost:
        # Hosts share labels by the thousand: keep each once.
        name, state, pairs, _, *facts = row
        labels = tuple(sorted((intern(key), intern(value)) for key, value in pairs.items()))
        profile = read_profile(identity, tuple(facts))
        return FleetHost(name, HostState(state), self._labels.setdefault(labels, labels), profile)

    def _look(self, now: datetime) -> tuple[Statement, Mapping[str, object]]:
        """Heartbeats do not change the fleet's revision, so who missed them is asked each time; few, if all is well.

        In one statement with the revision: between two, a host could report, and show its registers of before with the
        observation of after.
        """
        if self._max_age is None:
            return _PRESENT, {}
        return _PRESENT_WITH_STALE, {"earliest": now - self._max_age, "latest": now + self._max_age}


def _without(deleted: Iterable[str], put: Iterable[FleetHost]) -> list[str]:
    """The names that are still gone: a host may have been created again since."""
    back = {host.name for host in put}
    return [name for name in deleted if name not in back]


_revision: Final = select(fleet.c.revision).correlate(None).scalar_subquery()
_token: Final = select(fleet_revisions.c.token).where(fleet_revisions.c.revision == _revision).scalar_subquery()
_revision_and_token: Final = select(fleet.c.revision, _token.label("token"))
_PRESENT: Final = Statement(_revision_and_token.add_columns(null().label("name")))
_stale: Final = or_(hosts.c.observed_at < bindparam("earliest"), hosts.c.observed_at > bindparam("latest"))
_PRESENT_WITH_STALE: Final = Statement(
    _revision_and_token.add_columns(hosts.c.name).select_from(fleet.outerjoin(hosts, _stale))
)
_PUT: Final = select(hosts.c.name, hosts.c.state, hosts.c.labels, *PROFILE_COLUMNS)

ONE_VIEW: Final[Mapping[str, Mapping[str, str]]] = {
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


def _moment(rows: Sequence[Any]) -> _Moment:
    return _Moment(rows[0].revision, rows[0].token, [row.name for row in rows if row.name is not None])


async def _has_in_its_past(connection: AsyncConnection, held: _Held) -> bool:
    """Whether the database went through the held revision: not after it was restored, nor long after."""
    known = select(fleet_revisions.c.token).where(fleet_revisions.c.revision == held.fleet.revision)
    token = (await connection.execute(known)).scalar_one_or_none()
    return token is not None and token == held.token
