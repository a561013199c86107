"""VMs and their boots: rows to domain values and back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, Select, and_, bindparam, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cpu.cpulist import CpuList, read_cpulist
from app.domain.cpu.identity import Identity
from app.domain.cpu.implementation import Implementation
from app.domain.errors import BootUnreadable, VmNotFound, VmUnreadable
from app.domain.estate import RunningGroup
from app.domain.fleet.placement import Operator, Placement, Requirement, Selector
from app.domain.planning.guest import Guest
from app.domain.planning.implementation_list import packed, unpacked
from app.domain.planning.plan import LeftOut, Mode, ModeReason, Plan
from app.domain.vms.vm import Boot, Resources, Running, Vm, VmDefinition, VmRecord, VmState
from app.storage.direct import Direct, Statement, Write, named
from app.storage.identities import Identities
from app.storage.implementation_lists import ImplementationLists
from app.storage.tables import boots, hosts, implementation_lists, migrations, vms
from app.storage.unreadable import readable, string, string_map, strings, whole
from app.storage.upsert import insert

_BOOT = select(boots, vms.c.name.label("vm"), implementation_lists.c.entries).select_from(
    boots.join(vms).join(implementation_lists)
)

_JOINED = (
    vms.outerjoin(hosts, hosts.c.id == vms.c.host_id)
    .outerjoin(boots, and_(boots.c.vm_id == vms.c.id, boots.c.number == vms.c.boot))
    .outerjoin(implementation_lists, implementation_lists.c.digest == boots.c.digest)
    .outerjoin(migrations, and_(migrations.c.vm_id == vms.c.id, migrations.c.closed_at.is_(None)))
)

_VM = select(
    vms.c.id,
    vms.c.name,
    vms.c.version,
    vms.c.placement,
    vms.c.discovers_implementations,
    vms.c.kernel_release,
    vms.c.vcpus,
    vms.c.memory_mib,
    vms.c.boot,
    vms.c.boots,
    vms.c.moved,
    hosts.c.name.label("host_name"),
    hosts.c.identity,
    migrations.c.id.label("migration"),
    boots,
    implementation_lists.c.entries,
    vms.c.name.label("vm"),
).select_from(_JOINED)
"""A VM as it stands, in one statement: who is exposed is then a fact of one moment."""


_seen: Final = vms.alias("seen")
_version_seen: Final = select(_seen.c.version).where(_seen.c.name == bindparam("wanted")).scalar_subquery()

_NAMED: Final = Statement(_VM.where(vms.c.name == bindparam("wanted")))
_HELD: Final = Statement(
    _VM.add_columns((vms.c.version == _version_seen).label("unchanged"))
    .where(vms.c.name == bindparam("wanted"))
    .with_for_update(of=vms)
)
"""PostgreSQL gives the VM's own row as it is once it is locked, and all else as it was when the waiting began."""

_CHANGE: Final = update(vms).where(vms.c.id == bindparam("vm_key")).values(version=vms.c.version + 1)
_START: Final = Statement(
    _CHANGE.values(boots=vms.c.boots + 1, boot=vms.c.boots + 1, moved=False, host_id=bindparam("on_host"))
)
_STOP: Final = Statement(_CHANGE.values(boot=None, host_id=None))
_STAY: Final = Statement(_CHANGE.values(moved=bindparam("has_moved")))
_MOVE: Final = Statement(_CHANGE.values(moved=bindparam("has_moved"), host_id=bindparam("on_host")))
_SEAL: Final = Statement(boots.insert().values(named(boots)))


class VmRow(NamedTuple):
    """A VM with what orders VMs."""

    name: str
    record: VmRecord | None
    """None where it cannot be read."""


class BootRow(NamedTuple):
    """A boot with what orders boots."""

    number: int
    boot: Boot | None
    """None where it cannot be read."""


class Census(NamedTuple):
    groups: list[RunningGroup]
    unreadable: int
    """VMs that run and are in no group, for they cannot be read."""


_KINDS: Final = (
    vms.c.placement,
    vms.c.moved,
    hosts.c.name,
    hosts.c.identity,
    boots.c.host,
    boots.c.cpus,
    boots.c.own_entries,
    boots.c.digest,
    boots.c.mode,
    boots.c.mode_reasons,
    boots.c.left_out,
    boots.c.accepted_hazards,
    implementation_lists.c.entries,
)
"""All that decides how a running VM fares."""


class Vms:
    def __init__(
        self, connection: AsyncConnection, direct: Direct, identities: Identities, lists: ImplementationLists
    ) -> None:
        self._connection = connection
        self._direct = direct
        self._identities = identities
        self._lists = lists

    async def get(self, name: str) -> VmRecord:
        """Raises VmNotFound, VmUnreadable."""
        return VmNotFound.unless(await self.find(name), name)

    async def find(self, name: str) -> VmRecord | None:
        """Raises VmUnreadable."""
        return await self._found(await self._direct.row(_NAMED, wanted=name))

    async def lock(self, name: str) -> VmRecord:
        """As `find_locked`. Raises VmNotFound, VmUnreadable."""
        return VmNotFound.unless(await self.find_locked(name), name)

    async def find_locked(self, name: str) -> VmRecord | None:
        """Hold the VM against every other change. After its host, if that is locked too. Raises VmUnreadable."""
        held = await self._direct.row(_HELD, wanted=name)
        return await (self._found(held) if held is None or held.unchanged else self.find(name))

    async def _found(self, row: Any) -> VmRecord | None:  # noqa: ANN401 - a row of _VM
        if row is None:
            return None
        (found,) = await self._read([row])
        if found.record is None:
            raise VmUnreadable(row.name)
        return found.record

    async def page(
        self,
        after: str,
        limit: int,
        states: frozenset[VmState],
        host: str | None,
        among: frozenset[str] | None,
    ) -> list[VmRow]:
        """Up to `limit` VMs after a name, by name; on one host, and on any of several, where they are given."""
        statement = _VM.where(vms.c.name > after).order_by(vms.c.name).limit(limit)
        if host is not None:
            statement = statement.where(hosts.c.name == host)
        if among is not None:
            statement = statement.where(hosts.c.name.in_(sorted(among)))
        if states:
            statement = statement.where(_state().in_([state.value for state in states]))
        return await self._read((await self._connection.execute(statement)).all())

    async def on_host(self, key: int, limit: int) -> list[str]:
        """Names of VMs that run on a host or migrate to it."""
        running = select(vms.c.name).where(vms.c.host_id == key)
        arriving = select(migrations.c.vm).where(migrations.c.target_id == key, migrations.c.closed_at.is_(None))
        return list((await self._connection.execute(running.union(arriving).order_by("name").limit(limit))).scalars())

    async def create(self, name: str, definition: VmDefinition) -> bool:
        """Define a VM; False if there is one of this name by now."""
        values = {"name": name, "version": 1, "boots": 0, **_definition_values(definition)}
        statement = insert(self._connection, vms).values(values).on_conflict_do_nothing().returning(vms.c.id)
        return (await self._connection.execute(statement)).scalar_one_or_none() is not None

    async def redefine(self, record: VmRecord, definition: VmDefinition) -> None:
        statement = update(vms).where(vms.c.id == record.key)
        values = {"version": vms.c.version + 1, **_definition_values(definition)}
        await self._connection.execute(statement.values(**values))

    async def overwrite(self, name: str, definition: VmDefinition) -> None:
        """Redefine a VM of which nothing else need be readable."""
        values = {"version": vms.c.version + 1, **_definition_values(definition)}
        await self._connection.execute(update(vms).where(vms.c.name == name).values(**values))

    async def delete(self, record: VmRecord) -> None:
        await self._connection.execute(delete(vms).where(vms.c.id == record.key))

    async def seal(self, record: VmRecord, boot: Boot, host_key: int) -> None:
        """Put the VM into its next boot, and write what it sealed."""
        saving = self._lists.saving(boot.plan.list)
        sealed = {"vm_id": record.key, "digest": saving.values["digest"], **_boot_values(boot)}
        start = {"vm_key": record.key, "on_host": host_key}
        await self._direct.write(saving, Write(_SEAL, sealed), Write(_START, start))

    async def write(self, record: VmRecord, vm: Vm) -> VmRecord:
        """Write what has become of a VM that stays where it is, or stops."""
        await self._direct.write(change(record, vm))
        return replace(record, vm=vm, version=record.version + 1)

    async def release(self, name: str) -> None:
        """Stop a VM of which nothing need be readable, unless it migrates."""
        migrating = select(migrations.c.vm_id).where(migrations.c.vm_id == vms.c.id, migrations.c.closed_at.is_(None))
        values = {"version": vms.c.version + 1, "boot": None, "host_id": None}
        await self._connection.execute(update(vms).where(vms.c.name == name, ~migrating.exists()).values(**values))

    async def boot(self, vm: str, number: int) -> Boot | None:
        statement = _BOOT.where(vms.c.name == vm, boots.c.number == number)
        return await self._one_boot(statement)

    async def boot_of(self, key: int, number: int) -> Boot | None:
        """A boot by the key of its VM."""
        statement = _BOOT.where(boots.c.vm_id == key, boots.c.number == number)
        return await self._one_boot(statement)

    async def _one_boot(self, statement: Select[Any]) -> Boot | None:
        """Raises BootUnreadable."""
        row = (await self._connection.execute(statement)).one_or_none()
        if row is None:
            return None
        if (boot := self._boot_row(row).boot) is None:
            raise BootUnreadable(row.vm, row.number)
        return boot

    async def boots_of(self, key: int, after: int, limit: int) -> list[BootRow]:
        """Up to `limit` boots of a VM after a number, oldest first."""
        statement = _BOOT.where(boots.c.vm_id == key, boots.c.number > after).order_by(boots.c.number).limit(limit)
        return [self._boot_row(row) for row in await self._connection.execute(statement)]

    def _boot_row(self, row: Row[Any]) -> BootRow:
        return BootRow(row.number, readable("boot", f"{row.vm}/{row.number}", lambda: self._boot(row)))

    async def count_by_state(self) -> dict[VmState, int]:
        states = select(_state().label("state")).select_from(_JOINED).subquery()
        statement = select(states.c.state, func.count()).group_by(states.c.state)
        return {VmState(state): count for state, count in await self._connection.execute(statement)}

    async def census(self) -> Census:
        """All VMs that run, in groups: their number is that of hosts and kinds of boots, not that of VMs."""
        running = (
            vms.join(hosts)
            .join(boots, and_(boots.c.vm_id == vms.c.id, boots.c.number == vms.c.boot))
            .join(implementation_lists)
        )
        counts = (func.max(boots.c.fleet_revision).label("fleet_revision"), func.count().label("vms"))
        statement = select(*_KINDS, *counts).select_from(running).group_by(*_KINDS)
        rows = (await self._connection.execute(statement)).all()
        known = await self._identities.of(row.identity for row in rows)
        read = (
            readable("VMs like one", f"on {row.name}", partial(self._group, row, known[row.identity])) for row in rows
        )
        groups = [group for group in read if group]
        return Census(groups, sum(row.vms for row in rows) - sum(group.vms for group in groups))

    def _group(self, row: Any, identity: Identity) -> RunningGroup:  # noqa: ANN401 - a row of _KINDS
        plan = self._plan(row)
        return RunningGroup(
            vms=row.vms,
            host=row.name,
            identity=identity,
            placement=_placement(row.placement),
            plan=plan,
            moved=_moved(row, plan, row.name),
        )

    async def _read(self, rows: Sequence[Any]) -> list[VmRow]:
        known = await self._identities.of(row.identity for row in rows if row.identity)
        return [VmRow(row.name, readable("VM", row.name, partial(self._record, row, known))) for row in rows]

    def _record(self, row: Row[Any], known: Mapping[bytes, Any]) -> VmRecord:
        running = None if row.boot is None else self._running(row, known[row.identity])
        return VmRecord(Vm(row.name, _definition(row), running), row.id, row.version, row.boots)

    def _running(self, row: Row[Any], identity: Identity) -> Running:
        boot = self._boot(row)
        return Running(
            boot=boot,
            host=row.host_name,
            identity=identity,
            moved=_moved(row, boot.plan, row.host_name),
            migration=row.migration,
        )

    def _boot(self, row: Row[Any]) -> Boot:
        return Boot(row.vm, row.number, self._plan(row), row.sealed_at, row.adopted)

    def _plan(self, row: Row[Any]) -> Plan:
        return Plan(
            row.host,
            _cpus(row),
            unpacked(row.own_entries),
            self._lists.known(row.digest, row.entries),
            Mode(row.mode),
            tuple(ModeReason(reason) for reason in row.mode_reasons),
            row.fleet_revision,
            tuple(_left_out(row.left_out)),
            strings(row.accepted_hazards),
        )


def change(record: VmRecord, vm: Vm, host_key: int | None = None) -> Write:
    """What has become of a VM; with the key of its host where it has moved."""
    key = {"vm_key": record.key}
    if vm.running is None:
        return Write(_STOP, key)
    moved = {**key, "has_moved": vm.running.moved}
    return Write(_STAY, moved) if host_key is None else Write(_MOVE, {**moved, "on_host": host_key})


def _left_out(document: Any) -> Iterator[LeftOut]:  # noqa: ANN401 - what the document holds
    for registers, having, hazards in document:
        yield _one_left_out(*registers, having, *strings(hazards))


# Boots leave out the same again and again. Typed: 1.0 is no integer.
@lru_cache(10_000, typed=True)
def _one_left_out(midr: Any, revidr: Any, aidr: Any, having: Any, *hazards: str) -> LeftOut:  # noqa: ANN401 - the same
    return LeftOut(Implementation(whole(midr), whole(revidr), whole(aidr)), whole(having), hazards)


def _moved(row: Row[Any], plan: Plan, host: str) -> bool:
    # A service of the release before moves a VM without saying so; that it is elsewhere then tells.
    return row.moved or host != plan.host


def _cpus(row: Row[Any]) -> CpuList | None:
    return None if row.cpus is None else read_cpulist(row.cpus)


def _state() -> Any:  # noqa: ANN401 - a SQL expression
    return case(
        (vms.c.boot.is_(None), VmState.DEFINED.value),
        (migrations.c.id.is_(None), VmState.RUNNING.value),
        else_=VmState.MIGRATING.value,
    )


def _definition_values(definition: VmDefinition) -> dict[str, Any]:
    return {
        "placement": _placement_document(definition.placement),
        "discovers_implementations": definition.guest.discovers_implementations,
        "kernel_release": definition.guest.kernel_release,
        "vcpus": definition.resources and definition.resources.vcpus,
        "memory_mib": definition.resources and definition.resources.memory_mib,
    }


def _placement_document(placement: Placement) -> dict[str, Any]:
    return {
        "match_labels": dict(placement.selector.match_labels),
        "match_expressions": [
            [each.key, each.operator.value, list(each.values)] for each in placement.selector.match_expressions
        ],
        "include_hosts": list(placement.include_hosts),
        "exclude_hosts": list(placement.exclude_hosts),
        "max_implementations": placement.max_implementations,
        "accept_hazards": list(placement.accept_hazards),
    }


def _definition(row: Row[Any]) -> VmDefinition:
    return VmDefinition(
        _placement(row.placement),
        Guest(row.discovers_implementations, row.kernel_release),
        None if row.vcpus is None else Resources(row.vcpus, row.memory_mib),
    )


def _placement(document: Mapping[str, Any]) -> Placement:
    expressions = (
        Requirement(string(key), Operator(operator), strings(values))
        for key, operator, values in document["match_expressions"]
    )
    return Placement(
        Selector(string_map(document["match_labels"]), tuple(expressions)),
        strings(document["include_hosts"]),
        strings(document["exclude_hosts"]),
        whole(document["max_implementations"]),
        strings(document["accept_hazards"]),
    )


def _boot_values(boot: Boot) -> dict[str, Any]:
    plan = boot.plan
    return {
        "number": boot.number,
        "host": plan.host,
        "cpus": None if plan.cpus is None else str(plan.cpus),
        "own_entries": packed(plan.own),
        "mode": plan.mode.value,
        "mode_reasons": [reason.value for reason in plan.mode_reasons],
        "left_out": [[list(left.implementation), left.hosts, list(left.hazards)] for left in plan.left_out],
        "accepted_hazards": list(plan.accepted_hazards),
        "fleet_revision": plan.fleet_revision,
        "sealed_at": boot.sealed_at,
        "adopted": boot.adopted,
    }
