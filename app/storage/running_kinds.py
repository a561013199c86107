"""VMs by kind: how many there are of each, and which kind each is of, without reading all of every VM."""

import asyncio
import json
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, Select, Text, and_, case, cast, func, null, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cpu.cpulist import read_cpulist
from app.domain.cpu.identity import Identity
from app.domain.estate import RunningGroup, RunningKind
from app.domain.fleet.capabilities import CAPABILITIES, Capabilities
from app.domain.fleet.placement import Placement
from app.domain.planning.guest import Guest
from app.domain.planning.implementation_list import ImplementationList, unpacked
from app.domain.planning.plan import Mode, ModeReason, Plan
from app.domain.vms.vm import VmState
from app.storage.identities import Identities
from app.storage.implementation_lists import ImplementationLists
from app.storage.tables import boots, hosts, vms
from app.storage.types import Document
from app.storage.unreadable import readable, strings
from app.storage.vms import WHEREVER, matching, read_left_out, read_placement

_HOSTS_ASKED: Final = 1_000
"""Hosts that one statement names; PostgreSQL takes 32,767 parameters."""

Facts = tuple[Any, ...]
"""All that decides how a running VM fares, as the database has it: equal facts are one kind."""

# A service of the release before moves a VM without saying so; that it is elsewhere then tells.
_PIN: Final = case((or_(vms.c.moved, hosts.c.name != boots.c.host), null()), else_=boots.c.cpus)
_FACTS: Final = (
    vms.c.placement,
    vms.c.discovers_implementations,
    hosts.c.identity,
    boots.c.digest,
    boots.c.own_entries,
    boots.c.mode,
    boots.c.mode_reasons,
    boots.c.accepted_hazards,
    _PIN,
    *(hosts.c[each.name] for each in CAPABILITIES),
)
_READ: Final = tuple(
    (cast(fact, Text) if isinstance(fact.type, Document) else fact).label(f"fact_{position}")
    for position, fact in enumerate(_FACTS)
)
"""Documents as text: they are compared far more often than read."""

_RUNNING: Final = vms.join(hosts).join(boots, and_(boots.c.vm_id == vms.c.id, boots.c.number == vms.c.boot))


class Standing(NamedTuple):
    """A VM with what decides how it fares, as far as it runs."""

    name: str
    host: str | None
    facts: Facts | None
    """None while it is only defined."""


class Census(NamedTuple):
    groups: list[RunningGroup]
    unreadable: int
    """VMs that run and are in no group, for they cannot be read."""


class RunningKinds:
    def __init__(self, connection: AsyncConnection, identities: Identities, lists: ImplementationLists) -> None:
        self._connection = connection
        self._identities = identities
        self._lists = lists

    async def census(self) -> Census:
        """All VMs that run, by kind, wherever they are."""
        return await self._census(_counted().group_by(*_FACTS), split=False)

    async def census_on(self, names: Collection[str]) -> list[RunningGroup]:
        """The VMs on some hosts, by kind and host."""
        found: list[RunningGroup] = []
        ordered = sorted(names)
        for start in range(0, len(ordered), _HOSTS_ASKED):
            there = hosts.c.name.in_(ordered[start : start + _HOSTS_ASKED])
            found += (await self._census(_counted().where(there).group_by(hosts.c.name, *_FACTS), split=True)).groups
        return found

    async def page(self, after: str, limit: int, states: frozenset[VmState], host: str | None) -> list[Standing]:
        """Up to `limit` VMs after a name, by name."""
        statement = select(vms.c.name, vms.c.boot, hosts.c.name, *_READ).select_from(WHEREVER)
        statement = matching(statement, states, host).where(vms.c.name > after).order_by(vms.c.name).limit(limit)
        rows = await self._connection.execute(statement)
        return [Standing(row[0], row[2], None if row[1] is None else tuple(row[3:])) for row in rows]

    async def read(self, wanted: Collection[Facts]) -> Mapping[Facts, RunningKind | None]:
        """The kinds that facts are of; None where they cannot be read."""
        identities = await self._identities.of({facts[2] for facts in wanted})
        lists = await self._lists.of({facts[3] for facts in wanted})
        return await asyncio.to_thread(_read_all, wanted, identities, lists)

    async def _census(self, kinds: Select[Any], *, split: bool) -> Census:
        result = await self._connection.execute(_with_example(kinds))
        # There may be 100,000 kinds: too many to hold up everybody else for.
        rows = await asyncio.to_thread(result.all)
        known = await self.read([_facts_of(row) for row in rows])
        return await asyncio.to_thread(_grouped, rows, known, split)


def _counted() -> Select[Any]:
    return select(
        *_READ, func.max(hosts.c.name).label("host"), func.count().label("vms"), func.min(vms.c.id).label("example")
    ).select_from(_RUNNING)


def _with_example(kinds: Select[Any]) -> Select[Any]:
    """What a list leaves out is large and decides nothing, so it is read of one VM of each kind only."""
    kind = kinds.subquery()
    joined = kind.join(vms, vms.c.id == kind.c.example).join(
        boots, and_(boots.c.vm_id == vms.c.id, boots.c.number == vms.c.boot)
    )
    return select(kind, boots.c.left_out).select_from(joined)


def _facts_of(row: Row[Any]) -> Facts:
    return tuple(row[: len(_READ)])


def _grouped(rows: Iterable[Row[Any]], known: Mapping[Facts, RunningKind | None], split: bool) -> Census:  # noqa: FBT001 - called in a thread
    groups: list[RunningGroup] = []
    unreadable = 0
    for row in rows:
        kind = known[_facts_of(row)]
        damaged = row.vms if kind is None else 0 if _has_readable_rest(row) else 1
        unreadable += damaged
        if kind and row.vms > damaged:
            groups.append(RunningGroup(kind, row.vms - damaged, row.host if split else None))
    return Census(groups, unreadable)


def _has_readable_rest(row: Row[Any]) -> bool:
    return readable("VM with key", str(row.example), lambda: read_left_out(row.left_out)) is not None


def _read_all(
    wanted: Collection[Facts], identities: Mapping[bytes, Identity], lists: Mapping[bytes, ImplementationList]
) -> Mapping[Facts, RunningKind | None]:
    placements: dict[str, Placement] = {}
    return {
        facts: readable(
            "a kind of VMs with the list", facts[3].hex(), partial(_kind, facts, identities, lists, placements)
        )
        for facts in wanted
    }


def _kind(
    facts: Facts,
    identities: Mapping[bytes, Identity],
    lists: Mapping[bytes, ImplementationList],
    placements: dict[str, Placement],
) -> RunningKind:
    placement, discovers, identity, digest, own, mode, reasons, hazards, pin, *capabilities = facts
    if placement not in placements:
        placements[placement] = read_placement(json.loads(placement))
    plan = Plan(
        host="",
        cpus=None if pin is None else read_cpulist(pin),
        own=unpacked(own),
        list=lists[digest],
        mode=Mode(mode),
        mode_reasons=tuple(ModeReason(each) for each in strings(json.loads(reasons))),
        fleet_revision=0,
        accepted_hazards=strings(json.loads(hazards)),
    )
    return RunningKind(
        placement=placements[placement],
        guest=Guest(discovers_implementations=discovers),
        plan=plan,
        identity=identities[identity],
        capabilities=Capabilities(*capabilities),
    )
