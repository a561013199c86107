"""VMs and their boots: rows to domain values and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, Select, and_, bindparam, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cpu.cpulist import CpuList, parse_cpulist
from app.domain.cpu.identity import Identity
from app.domain.cpu.implementation import Implementation
from app.domain.fleet.placement import Operator, Placement, Requirement, Selector
from app.domain.planning.guest import Guest
from app.domain.planning.implementation_list import packed, unpacked
from app.domain.planning.plan import LeftOut, Mode, ModeReason, Plan
from app.domain.vms.exposure import covers
from app.domain.vms.vm import Boot, Resources, Vm, VmDefinition, VmRecord, VmState
from app.storage.identities import Identities
from app.storage.implementation_lists import ImplementationLists
from app.storage.tables import boots, hosts, implementation_lists, migrations, vms
from app.storage.upsert import insert

_BOOT = select(boots, vms.c.name.label("vm"), implementation_lists.c.entries).select_from(
    boots.join(vms).join(implementation_lists)
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
    hosts.c.name.label("host_name"),
    hosts.c.identity,
    migrations.c.id.label("migration"),
    boots,
    implementation_lists.c.entries,
    vms.c.name.label("vm"),
).select_from(
    vms.outerjoin(hosts, hosts.c.id == vms.c.host_id)
    .outerjoin(boots, and_(boots.c.vm_id == vms.c.id, boots.c.number == vms.c.boot))
    .outerjoin(implementation_lists, implementation_lists.c.digest == boots.c.digest)
    .outerjoin(migrations, and_(migrations.c.vm_id == vms.c.id, migrations.c.closed_at.is_(None)))
)
"""A VM as it stands, in one statement: who is exposed is then a fact of one moment."""

# Made once: to make a statement costs more than to send it.
_NAMED: Final = _VM.where(vms.c.name == bindparam("vm"))
_HELD: Final = select(vms.c.id).where(vms.c.name == bindparam("vm")).with_for_update()
_START: Final = (
    update(vms)
    .where(vms.c.id == bindparam("key"))
    .values(version=vms.c.version + 1, boots=vms.c.boots + 1, boot=vms.c.boots + 1)
    .returning(vms.c.boots)
)


@dataclass(frozen=True, slots=True)
class RunningGroup:
    """VMs on one host with equal placements and equal boots, which therefore fare alike."""

    vms: int
    host: str
    placement: Placement
    plan: Plan
    exposed: bool


_KINDS: Final = (
    vms.c.placement,
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
    def __init__(self, connection: AsyncConnection, identities: Identities, lists: ImplementationLists) -> None:
        self._connection = connection
        self._identities = identities
        self._lists = lists

    async def find(self, name: str) -> VmRecord | None:
        found = await self._records(_NAMED, {"vm": name})
        return found[0] if found else None

    async def lock(self, name: str) -> VmRecord | None:
        """Hold the VM against every other change. After its host, if that is locked too."""
        # Locked first and read after: a joined row read while waiting for the lock could be out of date.
        held = await self._connection.execute(_HELD, {"vm": name})
        return await self.find(name) if held.scalar_one_or_none() is not None else None

    async def page(
        self,
        after: str,
        limit: int,
        states: frozenset[VmState],
        host: str | None,
        among: frozenset[str] | None,
    ) -> list[VmRecord]:
        """Up to `limit` VMs after a name, by name; on one host, and on any of several, where they are given."""
        statement = _VM.where(vms.c.name > after).order_by(vms.c.name).limit(limit)
        if host is not None:
            statement = statement.where(hosts.c.name == host)
        if among is not None:
            statement = statement.where(hosts.c.name.in_(sorted(among)))
        if states:
            statement = statement.where(_state().in_([state.value for state in states]))
        return await self._records(statement)

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
        await self._change(record, _definition_values(definition))

    async def delete(self, record: VmRecord) -> None:
        await self._connection.execute(delete(vms).where(vms.c.id == record.key))

    async def start(self, record: VmRecord, host_key: int) -> int:
        """Put the VM into its next boot: the boot's number. Numbers count from 1 and are not used twice."""
        statement = _START.values(host_id=host_key)
        number: int = (await self._connection.execute(statement, {"key": record.key})).scalar_one()
        return number

    async def seal(self, record: VmRecord, boot: Boot) -> None:
        """Write the boot that was started."""
        digest = await self._lists.save(boot.plan.list)
        await self._connection.execute(boots.insert().values(vm_id=record.key, digest=digest, **_boot_values(boot)))

    async def stop(self, record: VmRecord) -> None:
        await self._change(record, {"boot": None, "host_id": None})

    async def move(self, record: VmRecord, host_key: int) -> None:
        await self._change(record, {"host_id": host_key})

    async def touch(self, record: VmRecord) -> None:
        """Let the version show that something about the VM changed elsewhere."""
        await self._change(record, {})

    async def boot(self, vm: str, number: int) -> Boot | None:
        statement = _BOOT.where(vms.c.name == vm, boots.c.number == number)
        row = (await self._connection.execute(statement)).one_or_none()
        return None if row is None else self._boot(row)

    async def boot_of(self, key: int, number: int) -> Boot | None:
        """A boot by the key of its VM."""
        statement = _BOOT.where(boots.c.vm_id == key, boots.c.number == number)
        row = (await self._connection.execute(statement)).one_or_none()
        return None if row is None else self._boot(row)

    async def boots_of(self, key: int, after: int, limit: int) -> list[Boot]:
        """Up to `limit` boots of a VM after a number, oldest first."""
        statement = _BOOT.where(boots.c.vm_id == key, boots.c.number > after).order_by(boots.c.number).limit(limit)
        return [self._boot(row) for row in await self._connection.execute(statement)]

    async def count_by_state(self) -> dict[VmState, int]:
        states = select(_state().label("state")).select_from(_VM.get_final_froms()[0]).subquery()
        statement = select(states.c.state, func.count()).group_by(states.c.state)
        return {VmState(state): count for state, count in await self._connection.execute(statement)}

    async def census(self) -> list[RunningGroup]:
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
        return [self._group(row, known[row.identity]) for row in rows]

    def _group(self, row: Any, identity: Identity) -> RunningGroup:  # noqa: ANN401 - a row of _KINDS
        plan = self._plan(row)
        exposed = not _covered(plan, row.name, identity)
        return RunningGroup(row.vms, row.name, _placement(row.placement), plan, exposed)

    async def _change(self, record: VmRecord, values: Mapping[str, object]) -> None:
        statement = update(vms).where(vms.c.id == record.key).values(version=vms.c.version + 1, **values)
        await self._connection.execute(statement)

    async def _records(self, statement: Select[Any], values: Mapping[str, object] | None = None) -> list[VmRecord]:
        rows = (await self._connection.execute(statement, values)).all()
        known = await self._identities.of(row.identity for row in rows if row.identity)
        return [self._record(row, known) for row in rows]

    def _record(self, row: Row[Any], known: Mapping[bytes, Any]) -> VmRecord:
        boot = None if row.boot is None else self._boot(row)
        exposed = boot is not None and not _covered(boot.plan, row.host_name, known[row.identity])
        vm = Vm(row.name, _definition(row), row.host_name, boot, row.migration, exposed)
        return VmRecord(vm, row.id, row.version)

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
            tuple(LeftOut(Implementation(*each[0]), each[1], tuple(each[2])) for each in row.left_out),
            tuple(row.accepted_hazards),
        )


def _covered(plan: Plan, host: str, identity: Identity) -> bool:
    return covers(plan.list, plan.host, plan.cpus, host, identity)


def _cpus(row: Row[Any]) -> CpuList | None:
    return None if row.cpus is None else parse_cpulist(row.cpus)


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
        Requirement(key, Operator(operator), tuple(values)) for key, operator, values in document["match_expressions"]
    )
    return Placement(
        Selector(document["match_labels"], tuple(expressions)),
        tuple(document["include_hosts"]),
        tuple(document["exclude_hosts"]),
        document["max_implementations"],
        tuple(document["accept_hazards"]),
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
