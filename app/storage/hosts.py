"""Hosts: rows to domain values and back, history, and the fleet revision that every change bears."""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Row, Select, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cpu.identity import Identity
from app.domain.errors import HostNotFound
from app.domain.fleet.fleet import FleetHost
from app.domain.fleet.history import IdentityPeriod
from app.domain.fleet.host import UNREADABLE, Host, HostRecord, HostState, Profile
from app.storage.identities import Identities, identity_digest
from app.storage.profiles import kind_facts, kind_values, read_profile, stored_facts
from app.storage.tables import deleted_hosts, fleet, fleet_revisions, hosts, past_identities
from app.storage.tokens import new_token
from app.storage.unreadable import readable, string_map
from app.storage.upsert import insert

_KEPT_REVISIONS: Final = 100_000
"""A worker further behind than this reads the whole fleet anew."""

_HELD: Final = select(hosts).where(hosts.c.name == bindparam("host")).with_for_update(read=True)
"""Made once: to make a statement costs more than to send it."""


class Revision(NamedTuple):
    """A fleet revision that begins, as rows bear it."""

    number: int
    token: bytes


class LockedHost:
    """A host whose row this transaction holds."""

    def __init__(self, key: int, record: HostRecord, row: Row[Any]) -> None:
        self.key = key
        self.record = record
        self.row = row

    @property
    def fleet_host(self) -> FleetHost:
        """The host as the planner sees it, from the row itself and not from a snapshot."""
        return FleetHost.of(self.record.host)


class Hosts:
    def __init__(self, connection: AsyncConnection, identities: Identities) -> None:
        self._connection = connection
        self._identities = identities

    async def get(self, name: str) -> HostRecord:
        """Raises HostNotFound."""
        return HostNotFound.unless(await self.find(name), name)

    async def find(self, name: str) -> HostRecord | None:
        locked = await self._one(select(hosts).where(hosts.c.name == name))
        return None if locked is None else locked.record

    async def lock(self, name: str) -> LockedHost | None:
        """Hold the host against every other change and against boots and admissions."""
        return await self._one(select(hosts).where(hosts.c.name == name).with_for_update())

    async def hold(self, name: str) -> LockedHost | None:
        """Hold the host as it is; others may hold it so too."""
        return await self._one(_HELD, {"host": name})

    async def named(self, names: Sequence[str]) -> list[HostRecord]:
        """The hosts of these names, by name; a host that has just been deleted is not among them."""
        result = await self._connection.execute(_by_names(names))
        # In threads: a thousand hosts take longer to read than others should wait.
        rows = await asyncio.to_thread(result.all)
        known = await self._identities.of(row.identity for row in rows)
        return await asyncio.to_thread(_records, rows, known)

    async def _one(self, statement: Select[Any], values: Mapping[str, object] | None = None) -> LockedHost | None:
        row = (await self._connection.execute(statement, values)).one_or_none()
        if row is None:
            return None
        return LockedHost(row.id, _record(row, await self._identities.one(row.identity)), row)

    async def beat(self, seen: HostRecord, observed_at: datetime) -> HostRecord | None:
        """Note a later observation of an unchanged host; None if it is no longer as it was seen."""
        statement = (
            update(hosts)
            .where(hosts.c.name == seen.host.name, hosts.c.revision == seen.revision)
            .where(hosts.c.observed_at == seen.host.observed_at)
            .values(observed_at=observed_at)
        )
        done = (await self._connection.execute(statement)).rowcount == 1
        return replace(seen, host=replace(seen.host, observed_at=observed_at)) if done else None

    async def observed_between(self) -> tuple[datetime | None, datetime | None]:
        """When the hosts that are not retired were observed: the longest ago, and last."""
        span = select(func.min(hosts.c.observed_at), func.max(hosts.c.observed_at))
        row = (await self._connection.execute(span.where(hosts.c.state != HostState.RETIRED.value))).one()
        return row[0], row[1]

    async def lock_inventory(self) -> int:
        """Take the turn to change the inventory: first of all locks, held to the end. The present fleet revision."""
        # A write, so that SQLite too waits its turn here and not later, when it would be too late.
        statement = update(fleet).values(revision=fleet.c.revision).returning(fleet.c.revision)
        revision: int = (await self._connection.execute(statement)).scalar_one()
        return revision

    async def next_revision(self) -> Revision:
        """Begin the next fleet revision; every change in this transaction bears it."""
        statement = update(fleet).values(revision=fleet.c.revision + 1).returning(fleet.c.revision)
        revision = Revision((await self._connection.execute(statement)).scalar_one(), new_token())
        token = {"revision": revision.number, "token": revision.token}
        # A restored database may come to the same number again, in another history.
        upsert = insert(self._connection, fleet_revisions).values(token)
        await self._connection.execute(upsert.on_conflict_do_update(index_elements=["revision"], set_=token))
        await self._connection.execute(
            delete(fleet_revisions).where(fleet_revisions.c.revision <= revision.number - _KEPT_REVISIONS)
        )
        return revision

    async def create(self, host: Host, revision: Revision, now: datetime, reporter: str) -> HostRecord:
        digest = identity_digest(host.identity)
        await self._identities.save({digest: host.identity})
        values = host_values(host, digest)
        began = {"identity_since": now, "identity_reported_by": reporter, "identity_revision": revision.number}
        dates = {"created_at": now, "updated_at": now, **borne(revision)}
        await self._connection.execute(hosts.insert().values(**values, **began, **dates))
        return HostRecord(host, revision.number, now, now, revision.token)

    async def replace(
        self, current: LockedHost, host: Host, revision: Revision, now: datetime, reporter: str
    ) -> HostRecord:
        digest = identity_digest(host.identity)
        values = host_values(host, digest) | {"updated_at": now, **borne(revision)}
        if digest != current.row.identity or not current.record.host.identity.readable:
            await self._identities.save({digest: host.identity})
        if digest != current.row.identity:
            await self._end_identity(current, now)
            values |= {"identity_since": now, "identity_reported_by": reporter, "identity_revision": revision.number}
        await self._connection.execute(update(hosts).where(hosts.c.id == current.key).values(**values))
        return HostRecord(host, revision.number, current.record.created_at, now, revision.token)

    async def delete(self, current: LockedHost, revision: Revision, now: datetime) -> None:
        await self._end_identity(current, now)
        await self._connection.execute(delete(hosts).where(hosts.c.id == current.key))
        stone = {"name": current.record.host.name, "revision": revision.number}
        upsert = insert(self._connection, deleted_hosts).values(stone)
        await self._connection.execute(upsert.on_conflict_do_update(index_elements=["name"], set_=stone))

    async def _end_identity(self, current: LockedHost, now: datetime) -> None:
        row = current.row
        if not current.record.host.identity.readable:
            await self._identities.keep(row.identity)
        await self._connection.execute(
            past_identities.insert().values(
                host=row.name,
                identity=row.identity,
                since=row.identity_since,
                until=now,
                reported_by=row.identity_reported_by,
                revision=row.identity_revision,
            )
        )

    async def history(self, name: str) -> list[IdentityPeriod]:
        """Every period of identity that a host of this name had, oldest first; none if there never was one."""
        # The present first: what ends in between is then in the past, and told from there alone.
        present = (await self._connection.execute(select(hosts).where(hosts.c.name == name))).one_or_none()
        past = select(past_identities).where(past_identities.c.host == name).order_by(past_identities.c.id)
        rows = list(await self._connection.execute(past))
        if present and any(row.revision == present.identity_revision for row in rows):
            present = None
        known = await self._identities.of([*(row.identity for row in rows), *([present.identity] if present else [])])
        periods = [_past_period(row, known) for row in rows]
        return [*periods, _present_period(present, known)] if present else periods


def _past_period(row: Row[Any], known: Mapping[bytes, Identity]) -> IdentityPeriod:
    return IdentityPeriod(
        identity=known[row.identity],
        since=row.since,
        until=row.until,
        reported_by=row.reported_by,
        revision=row.revision,
    )


def _present_period(row: Row[Any], known: Mapping[bytes, Identity]) -> IdentityPeriod:
    return IdentityPeriod(
        identity=known[row.identity],
        since=row.identity_since,
        until=None,
        reported_by=row.identity_reported_by,
        revision=row.identity_revision,
    )


def _by_names(names: Sequence[str]) -> Select[Any]:
    return select(hosts).where(hosts.c.name.in_(names)).order_by(hosts.c.name)


def borne(revision: Revision) -> dict[str, Any]:
    """The columns of a host that say when it was changed last."""
    return {"revision": revision.number, "token": revision.token}


def host_values(host: Host, identity: bytes) -> dict[str, Any]:
    """The columns that hold what was reported of a host."""
    kind = kind_values(host.state, host.profile, identity)
    return {
        "name": host.name,
        "labels": dict(host.labels),
        "observed_at": host.observed_at,
        "fingerprint": fingerprint(kind_facts(kind), labels_json(host)),
        **kind,
    }


def labels_json(host: Host) -> bytes:
    """The labels as one text, whatever the order they came in."""
    return orjson.dumps(dict(host.labels), option=orjson.OPT_SORT_KEYS)


def fingerprint(kind: bytes, labels: bytes) -> bytes:
    """Digest of all that was reported but when: equal fingerprints are a heartbeat."""
    return hashlib.blake2b(kind + labels, digest_size=16).digest()


def _records(rows: Iterable[Row[Any]], known: Mapping[bytes, Identity]) -> list[HostRecord]:
    return [_record(row, known[row.identity]) for row in rows]


def _record(row: Row[Any], identity: Identity) -> HostRecord:
    read = readable("host", row.name, partial(_host, row, identity))
    host = read or unreadable_host(row.name, row.observed_at)
    return HostRecord(host, row.revision, row.created_at, row.updated_at, row.token or b"")


def unreadable_host(name: str, observed_at: datetime) -> Host:
    """What a host is taken for whose row cannot be read: no VM comes to it, and none on it is covered."""
    profile = Profile(identity=UNREADABLE)
    return Host(name=name, state=HostState.CORDONED, labels={}, profile=profile, observed_at=observed_at)


def _host(row: Row[Any], identity: Identity) -> Host:
    return Host(
        name=row.name,
        state=HostState(row.state),
        labels=string_map(row.labels),
        profile=read_profile(identity, stored_facts(row)),
        observed_at=row.observed_at,
    )
