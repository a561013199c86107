"""VMs and their boots: rows to domain values and back."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, Select, Text, and_, bindparam, case, cast, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cpu.cpulist import CpuList, read_cpulist
from app.domain.cpu.identity import Identity
from app.domain.cpu.implementation import Implementation
from app.domain.errors import BootUnreadable, VmNotFound, VmUnreadable
from app.domain.planning.guest import Guest
from app.domain.planning.implementation_list import ImplementationList, packed, unpacked
from app.domain.planning.plan import LeftOut, Mode, ModeReason, Plan
from app.domain.vms.vm import Boot, Resources, Running, Vm, VmDefinition, VmRecord, VmState
from app.storage.direct import Direct, Statement, Write, named
from app.storage.identities import Identities
from app.storage.implementation_lists import ImplementationLists
from app.storage.placements import placement_document, read_placement
from app.storage.tables import boots, hosts, implementation_lists, migrations, vms
from app.storage.tokens import new_token
from app.storage.unreadable import readable, strings, whole
from app.storage.upsert import insert

_BOOT_COLUMNS: Final = (
    *(column for column in boots.c if column is not boots.c.left_out),
    # As text: there is much of it, and boots alike have the same.
    cast(boots.c.left_out, Text).label("left_out"),
    vms.c.name.label("vm"),
)
_BOOTS: Final = select(*_BOOT_COLUMNS).select_from(boots.join(vms))
_BOOT: Final = select(*_BOOT_COLUMNS, implementation_lists.c.entries).select_from(
    boots.join(vms).join(implementation_lists)
)

_OPEN: Final = and_(migrations.c.vm_id == vms.c.id, migrations.c.closed_at.is_(None))
WHEREVER: Final = (
    vms.outerjoin(hosts, hosts.c.id == vms.c.host_id)
    .outerjoin(boots, and_(boots.c.vm_id == vms.c.id, boots.c.number == vms.c.boot))
    .outerjoin(migrations, _OPEN)
)
"""Every VM, with its host, its boot and its open migration where there are such."""

_VM_COLUMNS: Final = (
    vms.c.id,
    vms.c.name,
    vms.c.version,
    vms.c.token,
    vms.c.placement,
    vms.c.discovers_implementations,
    vms.c.kernel_release,
    vms.c.vcpus,
    vms.c.memory_mib,
    vms.c.boot,
    vms.c.boots.label("booted"),
    vms.c.moved,
    hosts.c.name.label("host_name"),
    hosts.c.identity,
    migrations.c.id.label("migration"),
    *_BOOT_COLUMNS,
)
_VMS: Final[Select[Any]] = select(*_VM_COLUMNS).select_from(WHEREVER)
"""VMs as they stand, in one statement: who is exposed is then a fact of one moment."""
_VM: Final[Select[Any]] = select(*_VM_COLUMNS, implementation_lists.c.entries).select_from(
    WHEREVER.outerjoin(implementation_lists, implementation_lists.c.digest == boots.c.digest)
)
"""The same for one VM, with its list."""

_seen: Final = vms.alias("seen")
_version_seen: Final = select(_seen.c.version).where(_seen.c.name == bindparam("wanted")).scalar_subquery()

_NAMED: Final = Statement(_VM.where(vms.c.name == bindparam("wanted")))
_HELD: Final = Statement(
    _VM.add_columns((vms.c.version == _version_seen).label("unchanged"))
    .where(vms.c.name == bindparam("wanted"))
    .with_for_update(of=vms)
)
"""PostgreSQL gives the VM's own row as it is once it is locked, and all else as it was when the waiting began."""


def _written(token: object) -> dict[str, Any]:
    """The columns that every write to a VM changes."""
    return {"version": vms.c.version + 1, "token": token}


_CHANGE: Final = update(vms).where(vms.c.id == bindparam("vm_key")).values(**_written(bindparam("fresh")))
_START: Final = Statement(
    _CHANGE.values(boots=vms.c.boots + 1, boot=vms.c.boots + 1, moved=False, host_id=bindparam("on_host"))
)
_STOP: Final = Statement(_CHANGE.values(boot=None, host_id=None))
_STAY: Final = Statement(_CHANGE.values(moved=bindparam("has_moved")))
_MOVE: Final = Statement(_CHANGE.values(moved=bindparam("has_moved"), host_id=bindparam("on_host")))
_SEAL: Final = Statement(boots.insert().values(named(boots)))


Listed = Callable[[Row[Any]], ImplementationList]
"""Finds the list of a row that has a boot."""


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

    async def _found(self, row: Any) -> VmRecord | None:
        if row is None:
            return None
        known = await self._identities.of(() if row.identity is None else (row.identity,))
        if (record := _Reader(known, self._listed).vm(row).record) is None:
            raise VmUnreadable(row.name)
        return record

    async def page(self, after: str, limit: int, states: frozenset[VmState], host: str | None) -> list[VmRow]:
        """Up to `limit` VMs after a name, by name."""
        statement = matching(_VMS, states, host)
        return await self._many(statement.where(vms.c.name > after).order_by(vms.c.name).limit(limit))

    async def named(self, names: Sequence[str]) -> list[VmRow]:
        """The VMs of these names, by name; one that has just been deleted is not among them."""
        return await self._many(_VMS.where(vms.c.name.in_(names)).order_by(vms.c.name))

    async def on_host(self, key: int, limit: int) -> list[str]:
        """Names of VMs that run on a host or migrate to it."""
        running = select(vms.c.name).where(vms.c.host_id == key)
        arriving = select(migrations.c.vm).where(migrations.c.target_id == key, migrations.c.closed_at.is_(None))
        return list((await self._connection.execute(running.union(arriving).order_by("name").limit(limit))).scalars())

    async def create(self, name: str, definition: VmDefinition) -> bool:
        """Define a VM; False if there is one of this name by now."""
        values = {"name": name, "version": 1, "token": new_token(), "boots": 0, **_definition_values(definition)}
        statement = insert(self._connection, vms).values(values).on_conflict_do_nothing().returning(vms.c.id)
        return (await self._connection.execute(statement)).scalar_one_or_none() is not None

    async def redefine(self, record: VmRecord, definition: VmDefinition) -> None:
        values = _written(new_token()) | _definition_values(definition)
        await self._connection.execute(update(vms).where(vms.c.id == record.key).values(**values))

    async def overwrite(self, name: str, definition: VmDefinition) -> None:
        """Redefine a VM of which nothing else need be readable."""
        values = _written(new_token()) | _definition_values(definition)
        await self._connection.execute(update(vms).where(vms.c.name == name).values(**values))

    async def delete(self, record: VmRecord) -> None:
        await self._connection.execute(delete(vms).where(vms.c.id == record.key))

    async def seal(self, record: VmRecord, boot: Boot, host_key: int) -> None:
        """Put the VM into its next boot, and write what it sealed."""
        saving = self._lists.saving(boot.plan.list)
        sealed = {"vm_id": record.key, "digest": saving.values["digest"], **_boot_values(boot)}
        start = {"vm_key": record.key, "fresh": new_token(), "on_host": host_key}
        await self._direct.write(saving, Write(_SEAL, sealed), Write(_START, start))

    async def write(self, record: VmRecord, vm: Vm) -> VmRecord:
        """Write what has become of a VM that stays where it is, or stops."""
        token = new_token()
        await self._direct.write(change(record, vm, token))
        return VmRecord(vm, record.key, record.version + 1, token)

    async def release(self, name: str) -> None:
        """Stop a VM of which nothing need be readable, unless it migrates."""
        migrating = select(migrations.c.vm_id).where(migrations.c.vm_id == vms.c.id, migrations.c.closed_at.is_(None))
        values = _written(new_token()) | {"boot": None, "host_id": None}
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
        if (boot := _Reader({}, self._listed).boot(row).boot) is None:
            raise BootUnreadable(row.vm, row.number)
        return boot

    async def boots_of(self, key: int, after: int, limit: int) -> list[BootRow]:
        """Up to `limit` boots of a VM after a number, oldest first."""
        statement = _BOOTS.where(boots.c.vm_id == key, boots.c.number > after).order_by(boots.c.number).limit(limit)
        # In threads, here and where there are many VMs: a thousand take longer to read than others should wait.
        rows = await asyncio.to_thread((await self._connection.execute(statement)).all)
        return await asyncio.to_thread((await self._reader(rows)).boots, rows)

    async def count_by_state(self) -> dict[VmState, int]:
        states = select(_state().label("state")).select_from(vms.outerjoin(migrations, _OPEN)).subquery()
        statement = select(states.c.state, func.count()).group_by(states.c.state)
        return {VmState(state): count for state, count in await self._connection.execute(statement)}

    async def _many(self, statement: Select[Any]) -> list[VmRow]:
        rows = await asyncio.to_thread((await self._connection.execute(statement)).all)
        known = await self._identities.of(row.identity for row in rows if row.identity)
        return await asyncio.to_thread((await self._reader(rows, known)).vms, rows)

    async def _reader(self, rows: Sequence[Row[Any]], known: Mapping[bytes, Identity] | None = None) -> "_Reader":
        lists = await self._lists.of({row.digest for row in rows if row.digest})
        return _Reader(known or {}, lambda row: lists[row.digest])

    def _listed(self, row: Row[Any]) -> ImplementationList:
        return self._lists.known(row.digest, row.entries)


class _Reader:
    """Reads rows; what many of them share is read once."""

    def __init__(self, identities: Mapping[bytes, Identity], listed: Listed) -> None:
        self._identities = identities
        self._listed = listed
        self._left_out: dict[str, tuple[LeftOut, ...]] = {}

    def vms(self, rows: Iterable[Row[Any]]) -> list[VmRow]:
        return [self.vm(row) for row in rows]

    def vm(self, row: Row[Any]) -> VmRow:
        return VmRow(row.name, readable("VM", row.name, partial(self._record, row)))

    def boots(self, rows: Iterable[Row[Any]]) -> list[BootRow]:
        return [self.boot(row) for row in rows]

    def boot(self, row: Row[Any]) -> BootRow:
        return BootRow(row.number, readable("boot", f"{row.vm}/{row.number}", partial(self._boot, row)))

    def _record(self, row: Row[Any]) -> VmRecord:
        running = None if row.boot is None else self._running(row)
        return VmRecord(Vm(row.name, _definition(row), running, row.booted), row.id, row.version, row.token or b"")

    def _running(self, row: Row[Any]) -> Running:
        boot = self._boot(row)
        return Running(
            boot=boot,
            host=row.host_name,
            identity=self._identities[row.identity],
            moved=_moved(row, boot.plan, row.host_name),
            migration=row.migration,
        )

    def _boot(self, row: Row[Any]) -> Boot:
        plan = self._plan(row)
        return Boot(vm=row.vm, number=row.number, plan=plan, sealed_at=row.sealed_at, adopted=row.adopted)

    def _plan(self, row: Row[Any]) -> Plan:
        return Plan(
            host=row.host,
            cpus=_cpus(row),
            own=unpacked(row.own_entries),
            list=self._listed(row),
            mode=Mode(row.mode),
            mode_reasons=tuple(ModeReason(reason) for reason in row.mode_reasons),
            fleet_revision=row.fleet_revision,
            left_out=self._read_left_out(row.left_out),
            accepted_hazards=strings(row.accepted_hazards),
        )

    def _read_left_out(self, text: str) -> tuple[LeftOut, ...]:
        if text not in self._left_out:
            self._left_out[text] = read_left_out(text)
        return self._left_out[text]


def change(record: VmRecord, vm: Vm, token: bytes, host_key: int | None = None) -> Write:
    """What has become of a VM; with the key of its host where it has moved."""
    key = {"vm_key": record.key, "fresh": token}
    if vm.running is None:
        return Write(_STOP, key)
    moved = {**key, "has_moved": vm.running.moved}
    return Write(_STAY, moved) if host_key is None else Write(_MOVE, {**moved, "on_host": host_key})


def read_left_out(text: str) -> tuple[LeftOut, ...]:
    return tuple(_left_out(*each) for each in json.loads(text))


def _left_out(registers: Iterable[Any], having: Any, hazards: Any) -> LeftOut:
    return LeftOut(Implementation(*map(whole, registers)), whole(having), strings(hazards))


def _moved(row: Row[Any], plan: Plan, host: str) -> bool:
    # A service of the release before moves a VM without saying so; that it is elsewhere then tells.
    return row.moved or host != plan.host


def _cpus(row: Row[Any]) -> CpuList | None:
    return None if row.cpus is None else read_cpulist(row.cpus)


def matching(statement: Select[Any], states: frozenset[VmState], host: str | None) -> Select[Any]:
    """The statement, of WHEREVER, for VMs in any of the states (in every state where none is given) and on the host."""
    if host is not None:
        statement = statement.where(hosts.c.name == host)
    if states:
        statement = statement.where(_state().in_([state.value for state in states]))
    return statement


def _state() -> Any:
    return case(
        (vms.c.boot.is_(None), VmState.DEFINED.value),
        (migrations.c.id.is_(None), VmState.RUNNING.value),
        else_=VmState.MIGRATING.value,
    )


def _definition_values(definition: VmDefinition) -> dict[str, Any]:
    return {
        "placement": placement_document(definition.placement),
        "discovers_implementations": definition.guest.discovers_implementations,
        "kernel_release": definition.guest.kernel_release,
        "vcpus": definition.resources and definition.resources.vcpus,
        "memory_mib": definition.resources and definition.resources.memory_mib,
    }


def _definition(row: Row[Any]) -> VmDefinition:
    return VmDefinition(
        read_placement(row.placement),
        Guest(row.discovers_implementations, row.kernel_release),
        None if row.vcpus is None else Resources(row.vcpus, row.memory_mib),
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
