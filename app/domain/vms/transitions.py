"""What becomes of a VM: it is started, admitted to another host, moves or stays, and is stopped.

Each is a function of the VM as it stands, and raises what keeps it from happening. Whether a host fits is not asked
here: that is judged before (`app.domain.planning`).
"""

from dataclasses import replace

from app.domain.errors import VmMigrating, VmNotRunning, VmRunning
from app.domain.fleet.fleet import FleetHost
from app.domain.vms.vm import Boot, Running, Vm


def running(vm: Vm) -> Running:
    """Raise VmNotRunning unless the VM runs or migrates."""
    if vm.running is None:
        raise VmNotRunning(vm.name)
    return vm.running


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


def started(vm: Vm, boot: Boot, host: FleetHost) -> Vm:
    """The VM in a boot on its boot host."""
    return replace(idle(vm), running=Running(boot=boot, host=host.name, identity=host.identity))


def stopped(vm: Vm) -> Vm:
    """The VM as it is only defined; one that does not run stays as it is."""
    return replace(settled(vm), running=None)


def admitted(vm: Vm, migration: str) -> Vm:
    """The VM with an open migration of this id; it is still on the source."""
    present = running(settled(vm))
    return replace(vm, running=replace(present, migration=migration))


def moved(vm: Vm, host: FleetHost) -> Vm:
    """The VM on another host, its migration closed. A fact: nothing keeps it from having happened."""
    present = running(vm)
    here = replace(present, host=host.name, identity=host.identity, moved=True, migration=None)
    return replace(vm, running=here)


def stayed(vm: Vm) -> Vm:
    """The VM where it was, its migration closed."""
    return replace(vm, running=replace(running(vm), migration=None))
