"""What becomes of a VM: it is booted, admitted to another host, moves or stays, and is stopped.

Each is a function of the VM as it stands, and raises what keeps it from happening. Whether a host fits is not asked
here: that is judged before (`app.domain.planning`).
"""

from dataclasses import replace
from datetime import datetime

from app.domain.errors import VmMigrating, VmNotRunning, VmRunning
from app.domain.fleet.fleet import FleetHost
from app.domain.planning.eligibility import Move
from app.domain.reference.reference_data import ReferenceData
from app.domain.vms.migration import Migration, MigrationState
from app.domain.vms.vm import Boot, Running, Vm


def running_of(vm: Vm) -> Running:
    """Raise VmNotRunning unless the VM runs or migrates."""
    if vm.running is None:
        raise VmNotRunning(vm.name)
    return vm.running


def move_of(vm: Vm, reference: ReferenceData) -> Move:
    """The question of where the running VM may go. Raises VmNotRunning."""
    present = running_of(vm)
    return Move(vm.definition.placement, reference, present.boot.plan, present.host)


def settled(vm: Vm) -> Vm:
    """The VM itself. Raises VmMigrating while a migration is open."""
    if vm.running and vm.running.migration:
        raise VmMigrating(vm.name, vm.running.migration)
    return vm


def idle(vm: Vm) -> Vm:
    """The VM itself. Raises VmRunning or VmMigrating unless it is only defined."""
    if settled(vm).running:
        raise VmRunning(vm.name)
    return vm


def booted(vm: Vm, boot: Boot, host: FleetHost) -> Vm:
    """The VM in its new boot. Raises VmRunning or VmMigrating unless it was only defined."""
    return replace(idle(vm), running=Running(boot=boot, host=host.name, identity=host.identity))


def stopped(vm: Vm) -> Vm:
    """The VM as it is only defined; one that does not run stays as it is."""
    return replace(settled(vm), running=None)


def admission(vm: Vm, target: str, id_: str, now: datetime) -> Migration:
    """The migration of a running VM to a target. Raises VmNotRunning, VmMigrating."""
    present = running_of(settled(vm))
    return Migration(
        id=id_,
        vm=vm.name,
        source=present.host,
        target=target,
        state=MigrationState.ADMITTED,
        digest=present.boot.plan.list.digest,
        admitted_at=now,
    )


def admitted(vm: Vm, migration: Migration) -> Vm:
    """The VM with this migration open; it is still on the source."""
    return replace(vm, running=replace(running_of(settled(vm)), migration=migration.id))


def moved(vm: Vm, host: FleetHost) -> Vm:
    """The VM on another host, its migration closed. A fact: nothing keeps it from having happened."""
    present = running_of(vm)
    here = replace(present, host=host.name, identity=host.identity, moved=True, migration=None)
    return replace(vm, running=here)


def stayed(vm: Vm) -> Vm:
    """The VM where it was, its migration closed."""
    return replace(vm, running=replace(running_of(vm), migration=None))
