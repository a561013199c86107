"""Imports: hosts arrive in a temporary table, and are merged into the inventory by a few statements over all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Insert,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    Update,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    select,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cpu.identity import Identity
from app.domain.fleet.host import Host, HostState, LinedHost, Profile
from app.domain.fleet.host_report import HostReport
from app.storage.hosts import Revision, borne, fingerprint, labels_json
from app.storage.identities import Identities, identity_digest
from app.storage.profiles import KIND, kind_facts, kind_values, read_profile, stored_facts
from app.storage.tables import hosts, identities, past_identities
from app.storage.types import Document, JsonText, Timestamp
from app.storage.upsert import insert as upsert

_DISTRUSTED: Final = 500
"""Identities named in one statement."""
_KINDS: Final = 10_000
"""Kinds of hosts remembered during one import."""

_REMEMBERED: Final = 2_000
"""Hosts looked up in one statement."""

_REPORTED: Final = ("name", "labels", "observed_at", "fingerprint", *KIND)
"""The columns that hold what was reported."""

_staged: Final = Table(
    "staged_hosts",
    MetaData(),
    Column("line", Integer, nullable=False),
    *(Column(name, hosts.c[name].type if name != "labels" else JsonText) for name in _REPORTED),
    Column("unread", Text),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
_COLUMNS: Final = tuple(_staged.c.keys())

_same_host: Final = hosts.c.name == _staged.c.name
_changed: Final = hosts.c.fingerprint != _staged.c.fingerprint
_unread: Final = (
    select(_staged, hosts.c.identity.label("present"), type_coerce(_staged.c.labels, Document).label("told"))
    .join_from(_staged, hosts, _same_host)
    .where(_staged.c.unread.is_not(None))
    .order_by(_staged.c.line)
    .limit(_REMEMBERED)
)
_identity_changed: Final = hosts.c.identity != _staged.c.identity


class Duplicate(NamedTuple):
    line: int
    name: str
    first_line: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What a merge does: hosts by what becomes of them."""

    created: int
    updated: int
    unchanged: int


class _Kind(NamedTuple):
    facts: bytes
    values: tuple[Any, ...]
    """Of the columns of `KIND`."""


class Imports:
    def __init__(self, connection: AsyncConnection, identities: Identities) -> None:
        self._connection = connection
        self._identities = identities
        self._digests: dict[Identity, bytes] = {}
        self._any_unread = False
        # Whoever reads the lines gives hosts of one kind the same profile, so it is found again at little cost.
        self._kind = lru_cache(_KINDS)(self._learn)

    async def begin(self) -> None:
        """Make room beside the inventory, for as long as the transaction takes."""
        await self._connection.run_sync(_staged.create)

    async def stage(self, batch: Sequence[LinedHost]) -> None:
        """Put hosts beside the inventory; nothing of it is visible to anybody yet."""
        rows = [self._row(*each) for each in batch]
        if self._connection.dialect.name == "postgresql":
            # COPY is several times faster than any INSERT (docs/performance.md); SQLAlchemy leaves it to the driver.
            raw = await self._connection.get_raw_connection()
            driver: Any = raw.driver_connection
            await driver.copy_records_to_table(_staged.name, records=rows, columns=_COLUMNS)
        else:
            named = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
            await self._connection.execute(_staged.insert(), named)

    def _row(self, line: int, host: Host, unread: frozenset[int]) -> tuple[Any, ...]:
        kind = self._kind(host.state, host.profile)
        labels = labels_json(host)
        digest = fingerprint(kind.facts, labels)
        self._any_unread = self._any_unread or bool(unread)
        positions = orjson.dumps(sorted(unread)).decode() if unread else None
        return (line, host.name, labels.decode(), host.observed_at, digest, *kind.values, positions)

    def _learn(self, state: HostState, profile: Profile) -> _Kind:
        digest = self._digests[profile.identity] = identity_digest(profile.identity)
        values = kind_values(state, profile, digest)
        return _Kind(kind_facts(values), tuple(values.values()))

    async def remember(self) -> None:
        """Give registers that were not read the values that are known of the same CPUs; the inventory must be locked.

        What is new is staged in the place of what was.
        """
        if not self._any_unread:
            return
        staged = {digest: identity for identity, digest in self._digests.items()}
        while rows := (await self._connection.execute(_unread)).all():
            present = await self._identities.of(row.present for row in rows)
            lines = [row.line for row in rows]
            await self._connection.execute(delete(_staged).where(_staged.c.line.in_(lines)))
            await self.stage([_remembered(row, staged[row.identity], present[row.present]) for row in rows])

    async def duplicates(self, limit: int) -> tuple[list[Duplicate], int]:
        """Lines that name a host which an earlier line names already, up to a limit, and how many there are."""
        first = (
            select(_staged.c.name, func.min(_staged.c.line).label("first_line"))
            .group_by(_staged.c.name)
            .having(func.count() > 1)
            .subquery()
        )
        statement = (
            select(_staged.c.line, _staged.c.name, first.c.first_line, func.count().over())
            .join_from(_staged, first, and_(first.c.name == _staged.c.name, first.c.first_line < _staged.c.line))
            .order_by(_staged.c.line)
            .limit(limit)
        )
        rows = (await self._connection.execute(statement)).all()
        return [Duplicate(*row[:-1]) for row in rows], rows[0][-1] if rows else 0

    async def distrust(self) -> bool:
        """Let hosts count as changed whose registers are stored and cannot be read, so that they are written anew.

        Whether there may be any; the inventory must be locked.
        """
        known = await self._identities.of(self._digests.values())
        unreadable = sorted({digest for digest in self._digests.values() if not known[digest].readable})
        for start in range(0, len(unreadable), _DISTRUSTED):
            some = unreadable[start : start + _DISTRUSTED]
            await self._connection.execute(update(hosts).values(fingerprint=b"").where(hosts.c.identity.in_(some)))
        return bool(unreadable)

    async def tally(self) -> Tally:
        """Compare what is staged with the inventory, which must be locked for the numbers to stay true."""
        statement = select(
            func.count().filter(hosts.c.id.is_(None)),
            func.count().filter(_changed),
            func.count().filter(~_changed),
        ).select_from(_staged.outerjoin(hosts, _same_host))
        return Tally(*(await self._connection.execute(statement)).one())

    async def await_turns(self) -> None:
        """Wait for boots and admissions on hosts whose registers change: history must show what they were judged by."""
        changing = select(hosts.c.id).join_from(hosts, _staged, and_(_same_host, _identity_changed))
        held = changing.with_for_update(of=hosts).subquery()
        await self._connection.execute(select(func.count()).select_from(held))

    async def merge(self, tally: Tally, revision: Revision, now: datetime, reporter: str) -> None:
        """Make every staged host part of the inventory; those that change bear the revision."""
        await self._identities.save({digest: identity for identity, digest in self._digests.items()})
        if tally.updated:
            await self._connection.execute(self._keep_identities())
            await self._connection.execute(_end_identities(now))
            await self._connection.execute(_update_changed(revision, now, reporter))
        if tally.created:
            await self._connection.execute(_insert_new(revision, now, reporter))

    def _keep_identities(self) -> Any:
        """Let history name the identities that end, though nothing may be left of one."""
        ended = select(hosts.c.identity).join_from(hosts, _staged, _same_host).where(_identity_changed).distinct()
        statement = upsert(self._connection, identities).from_select(["digest"], ended)
        return statement.on_conflict_do_nothing()

    async def beat(self) -> None:
        """Note the observations of hosts that did not change."""
        await self._connection.execute(
            update(hosts)
            .values(observed_at=_staged.c.observed_at)
            .where(_same_host, ~_changed, hosts.c.observed_at != _staged.c.observed_at)
        )

    async def finish(self) -> None:
        """Leave nothing behind. SQLite would keep the temporary table for as long as the connection, in a pool."""
        if self._connection.dialect.name == "sqlite":
            await self._connection.run_sync(_staged.drop)


def _remembered(row: Row[Any], identity: Identity, present: Identity) -> LinedHost:
    host = Host(
        name=row.name,
        state=HostState(row.state),
        labels=row.told,
        profile=read_profile(identity, stored_facts(row)),
        observed_at=row.observed_at,
    )
    return LinedHost(row.line, HostReport(host, frozenset(orjson.loads(row.unread))).after(present))


def _end_identities(now: datetime) -> Insert:
    ended = select(
        hosts.c.name,
        hosts.c.identity,
        hosts.c.identity_since,
        literal(now, Timestamp),
        hosts.c.identity_reported_by,
        hosts.c.identity_revision,
    ).join_from(hosts, _staged, and_(_same_host, _identity_changed))
    columns = ["host", "identity", "since", "until", "reported_by", "revision"]
    return insert(past_identities).from_select(columns, ended)


def _update_changed(revision: Revision, now: datetime, reporter: str) -> Update:
    begins: dict[str, ColumnElement[Any]] = {
        "identity_since": literal(now, Timestamp),
        "identity_reported_by": literal(reporter, Text),
        "identity_revision": literal(revision.number, BigInteger),
    }
    return (
        update(hosts)
        .values({name: _staged.c[name] for name in _REPORTED})
        .values({name: case((_identity_changed, new), else_=hosts.c[name]) for name, new in begins.items()})
        .values(**borne(revision), updated_at=now)
        .where(_same_host, _changed)
    )


def _insert_new(revision: Revision, now: datetime, reporter: str) -> Insert:
    moment = literal(now, Timestamp)
    rest: dict[str, ColumnElement[Any]] = {
        "revision": literal(revision.number, BigInteger),
        "token": literal(revision.token, LargeBinary),
        "identity_since": moment,
        "identity_reported_by": literal(reporter, Text),
        "identity_revision": literal(revision.number, BigInteger),
        "created_at": moment,
        "updated_at": moment,
    }
    new = (
        select(*(_staged.c[name] for name in _REPORTED), *rest.values())
        .select_from(_staged.outerjoin(hosts, _same_host))
        .where(hosts.c.id.is_(None))
        .order_by(_staged.c.name)
    )
    return insert(hosts).from_select([*_REPORTED, *rest], new)
