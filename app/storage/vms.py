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
from app.domain.fleet.placement import Operator, Placement, Requirement, Selector
from app.domain.planning.guest import Guest
from app.domain.planning.implementation_list import ImplementationList, packed, unpacked
from app.domain.planning.plan import LeftOut, Mode, ModeReason, Plan
from app.domain.vms.vm import Boot, Resources, Running, Vm, VmDefinition, VmRecord, VmState
from app.storage.identities import Identities
from app.storage.implementation_lists import ImplementationLists
from app.storage.tables import boots, hosts, implementation_lists, migrations, vms
from app.storage.tokens import new_token
from app.storage.unreadable import readable, string, string_map, strings, whole
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

# Made once: to make a statement costs more than to send it.
_NAMED: Final = _VM.where(vms.c.name == bindparam("vm"))
_HELD: Final = select(vms.c.id).where(vms.c.name == bindparam("vm")).with_for_update()
_START: Final = (
    update(vms)
    .where(vms.c.id == bindparam("key"))
    .values(
        version=vms.c.version + 1,
        token=bindparam("fresh"),
        boots=vms.c.boots + 1,
        boot=vms.c.boots + 1,
        moved=False,
    )
    .returning(vms.c.boots)
)


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
    def __init__(self, connection: AsyncConnection, identities: Identities, lists: ImplementationLists) -> None:
        self._connection = connection
        self._identities = identities
        self._lists = lists

    async def get(self, name: str) -> VmRecord:
        """Raises VmNotFound, VmUnreadable."""
        return VmNotFound.unless(await self.find(name), name)

    async def find(self, name: str) -> VmRecord | None:
        """Raises VmUnreadable."""
        row: Row[Any] | None = (await self._connection.execute(_NAMED, {"vm": name})).one_or_none()
        if row is None:
            return None
        known = await self._identities.of(() if row.identity is None else (row.identity,))
        if (record := _Reader(known, self._listed).vm(row).record) is None:
            raise VmUnreadable(name)
        return record

    async def lock(self, name: str) -> VmRecord:
        """As `find_locked`. Raises VmNotFound, VmUnreadable."""
        return VmNotFound.unless(await self.find_locked(name), name)

    async def find_locked(self, name: str) -> VmRecord | None:
        """Hold the VM against every other change. After its host, if that is locked too. Raises VmUnreadable."""
        # Locked first and read after: a joined row read while waiting for the lock could be out of date.
        held = await self._connection.execute(_HELD, {"vm": name})
        return await self.find(name) if held.scalar_one_or_none() is not None else None

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
        await self._change(record, _definition_values(definition))

    async def overwrite(self, name: str, definition: VmDefinition) -> None:
        """Redefine a VM of which nothing else need be readable."""
        values = _written(new_token()) | _definition_values(definition)
        await self._connection.execute(update(vms).where(vms.c.name == name).values(**values))

    async def delete(self, record: VmRecord) -> None:
        await self._connection.execute(delete(vms).where(vms.c.id == record.key))

    async def start(self, record: VmRecord, host_key: int) -> int:
        """Put the VM into its next boot: the boot's number. Numbers count from 1 and are not used twice."""
        statement = _START.values(host_id=host_key)
        values = {"key": record.key, "fresh": new_token()}
        number: int = (await self._connection.execute(statement, values)).scalar_one()
        return number

    async def seal(self, record: VmRecord, boot: Boot) -> None:
        """Write the boot that was started."""
        digest = await self._lists.save(boot.plan.list)
        await self._connection.execute(boots.insert().values(vm_id=record.key, digest=digest, **_boot_values(boot)))

    async def write(self, record: VmRecord, vm: Vm, host_key: int | None = None) -> VmRecord:
        """Write what has become of a VM; with the key of its host where it has moved."""
        values: dict[str, object] = {"boot": None, "host_id": None}
        if vm.running:
            values = {"moved": vm.running.moved} | ({} if host_key is None else {"host_id": host_key})
        return VmRecord(vm, record.key, record.version + 1, await self._change(record, values))

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

    async def _change(self, record: VmRecord, values: Mapping[str, object]) -> bytes:
        """Write these columns; the token of the write."""
        token = new_token()
        await self._connection.execute(update(vms).where(vms.c.id == record.key).values(**_written(token), **values))
        return token

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
        return VmRecord(Vm(row.name, _definition(row), running), row.id, row.version, row.token or b"")

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


def read_left_out(text: str) -> tuple[LeftOut, ...]:
    return tuple(_left_out(*each) for each in json.loads(text))


def _written(token: bytes) -> dict[str, Any]:
    """The columns that every write to a VM changes."""
    return {"version": vms.c.version + 1, "token": token}


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
        read_placement(row.placement),
        Guest(row.discovers_implementations, row.kernel_release),
        None if row.vcpus is None else Resources(row.vcpus, row.memory_mib),
    )


def read_placement(document: Mapping[str, Any]) -> Placement:
    expressions = (
        Requirement(string(key), Operator(operator), strings(values))
        for key, operator, values in document["match_expressions"]
    )
    return Placement(
        selector=Selector(string_map(document["match_labels"]), tuple(expressions)),
        include_hosts=strings(document["include_hosts"]),
        exclude_hosts=strings(document["exclude_hosts"]),
        max_implementations=whole(document["max_implementations"]),
        accept_hazards=strings(document["accept_hazards"]),
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
