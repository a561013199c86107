"""VMs by kind: how many there are of each, and which kind each is of, without reading all of every VM."""

import asyncio
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, Select, Text, and_, bindparam, case, cast, func, null, or_, select
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
from app.storage.content import content
from app.storage.identities import Identities
from app.storage.implementation_lists import ImplementationLists
from app.storage.tables import boots, hosts, vms
from app.storage.unreadable import readable, strings
from app.storage.vms import WHEREVER, matching, read_left_out, read_placement

_BATCH: Final = 1_000
"""Hosts or VMs that one statement names; PostgreSQL takes 32,767 parameters."""

KindKey = bytes | str
"""Stands for all that decides how a running VM fares: equal keys are one kind."""

# A service of the release before moves a VM without saying so; that it is elsewhere then tells.
_PIN: Final = case((or_(vms.c.moved, hosts.c.name != boots.c.host), null()), else_=boots.c.cpus)
_CAPABILITIES: Final = tuple(hosts.c[each.name] for each in CAPABILITIES)
_DECIDING: Final = (
    vms.c.placement,
    vms.c.discovers_implementations,
    hosts.c.identity,
    boots.c.digest,
    boots.c.own_entries,
    boots.c.mode,
    boots.c.mode_reasons,
    boots.c.accepted_hazards,
    *_CAPABILITIES,
    _PIN,
)
# What a list leaves out decides nothing, and there is much of it.
_KEY: Final = content(*_DECIDING)
_RUNNING: Final = vms.join(hosts).join(boots, and_(boots.c.vm_id == vms.c.id, boots.c.number == vms.c.boot))
_COUNTED: Final = select(
    _KEY.label("key"),
    func.count().label("vms"),
    func.min(vms.c.id).label("example"),
    func.max(hosts.c.name).label("host"),
).select_from(_RUNNING)
_EXAMPLES: Final = (
    select(
        vms.c.id,
        cast(vms.c.placement, Text).label("placement"),
        *_DECIDING[1:-1],
        _PIN.label("pin"),
        boots.c.host.label("boot_host"),
        boots.c.fleet_revision,
        cast(boots.c.left_out, Text).label("left_out"),
    )
    .select_from(_RUNNING)
    .where(vms.c.id.in_(bindparam("keys", expanding=True)))
)
_STANDING: Final = select(
    vms.c.id, vms.c.name, hosts.c.name.label("host"), case((vms.c.boot.is_not(None), _KEY)).label("kind")
).select_from(WHEREVER)


class Standing(NamedTuple):
    """A VM, with where it stands."""

    key: int
    name: str
    host: str | None
    """None while it is only defined."""
    kind: KindKey | None
    """The same."""


class Census(NamedTuple):
    groups: list[RunningGroup]
    unreadable: int
    """VMs that run and are in no group, for they cannot be read."""


class _Example(NamedTuple):
    """A VM that stands for its kind."""

    kind: RunningKind | None
    """None where it cannot be read."""
    whole: bool
    """Whether the rest of it can be read, too."""


class RunningKinds:
    """For a transaction with one view: what is counted first is read afterwards."""

    def __init__(self, connection: AsyncConnection, identities: Identities, lists: ImplementationLists) -> None:
        self._connection = connection
        self._identities = identities
        self._lists = lists

    async def census(self) -> Census:
        """All VMs that run, by kind, wherever they are."""
        return await self._census(_COUNTED.group_by(_KEY), split=False)

    async def census_on(self, names: Collection[str]) -> list[RunningGroup]:
        """The VMs on some hosts, by kind and host."""
        found: list[RunningGroup] = []
        ordered = sorted(names)
        for start in range(0, len(ordered), _BATCH):
            there = hosts.c.name.in_(ordered[start : start + _BATCH])
            found += (await self._census(_COUNTED.where(there).group_by(_KEY, hosts.c.name), split=True)).groups
        return found

    async def page(self, after: str, limit: int, states: frozenset[VmState], host: str | None) -> list[Standing]:
        """Up to `limit` VMs after a name, by name."""
        statement = matching(_STANDING, states, host).where(vms.c.name > after).order_by(vms.c.name).limit(limit)
        return [Standing(*row) for row in await self._connection.execute(statement)]

    async def read(self, examples: Mapping[KindKey, int]) -> Mapping[KindKey, RunningKind | None]:
        """Kinds, of each of which the key of one VM is given; None where it cannot be read."""
        read = await self._read(examples.values())
        return {key: read[example].kind for key, example in examples.items()}

    async def _census(self, statement: Select[Any], *, split: bool) -> Census:
        result = await self._connection.execute(statement)
        # There may be 100,000 kinds: too many to hold up everybody else for.
        rows = await asyncio.to_thread(result.all)
        read = await self._read(row.example for row in rows)
        return await asyncio.to_thread(_grouped, rows, read, split=split)

    async def _read(self, keys: Iterable[int]) -> Mapping[int, _Example]:
        found: dict[int, _Example] = {}
        reader = _Reader()
        ordered = sorted(keys)
        for start in range(0, len(ordered), _BATCH):
            result = await self._connection.execute(_EXAMPLES, {"keys": ordered[start : start + _BATCH]})
            rows = await asyncio.to_thread(result.all)
            identities = await self._identities.of({row.identity for row in rows})
            lists = await self._lists.of({row.digest for row in rows})
            found |= await asyncio.to_thread(reader.examples, rows, identities, lists)
        return found


def _grouped(rows: Iterable[Row[Any]], read: Mapping[int, _Example], *, split: bool) -> Census:
    groups: list[RunningGroup] = []
    unreadable = 0
    for row in rows:
        kind, whole = read[row.example]
        damaged = row.vms if kind is None else 0 if whole else 1
        unreadable += damaged
        if kind and row.vms > damaged:
            groups.append(RunningGroup(kind, row.vms - damaged, row.host if split else None))
    return Census(groups, unreadable)


class _Reader:
    """Reads rows of examples. Placements are large, and VMs share them by the thousand."""

    def __init__(self) -> None:
        self._placements: dict[str, Placement] = {}

    def examples(
        self, rows: Iterable[Row[Any]], identities: Mapping[bytes, Identity], lists: Mapping[bytes, ImplementationList]
    ) -> Mapping[int, _Example]:
        return {row.id: self._example(row, identities[row.identity], lists) for row in rows}

    def _example(self, row: Row[Any], identity: Identity, lists: Mapping[bytes, ImplementationList]) -> _Example:
        name = str(row.id)
        kind = readable("the kind of the VM with the key", name, lambda: self._kind(row, identity, lists[row.digest]))
        rest = readable("the VM with the key", name, lambda: read_left_out(row.left_out))
        return _Example(kind, whole=rest is not None)

    def _kind(self, row: Row[Any], identity: Identity, listed: ImplementationList) -> RunningKind:
        plan = Plan(
            host=row.boot_host,
            cpus=None if row.pin is None else read_cpulist(row.pin),
            own=unpacked(row.own_entries),
            list=listed,
            mode=Mode(row.mode),
            mode_reasons=tuple(ModeReason(reason) for reason in row.mode_reasons),
            fleet_revision=row.fleet_revision,
            accepted_hazards=strings(row.accepted_hazards),
        )
        return RunningKind(
            placement=self._placement(row.placement),
            guest=Guest(row.discovers_implementations),
            plan=plan,
            identity=identity,
            capabilities=Capabilities(*(row._mapping[column] for column in _CAPABILITIES)),  # noqa: SLF001 - its public name
        )

    def _placement(self, text: str) -> Placement:
        if text not in self._placements:
            self._placements[text] = read_placement(json.loads(text))
        return self._placements[text]
