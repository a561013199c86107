"""Calls about boots: the life of a VM's VMM process. Each boot seals a list."""

from collections.abc import Sequence

from roadstead.client.calls import Call, action, address, get
from roadstead.client.documents import BootInput, ImplementationList, Mode, Page, RegistersInput, SealedList, Vm


def boot(vm: str, host: str, cpus: str | None = None) -> Call[SealedList]:
    """Seal the list for a start on the host; with `cpus`, pinned to those."""
    return action(address("vms", vm, "boots"), _boot(host, cpus))


def adopt(
    vm: str, host: str, mode: Mode, implementations: Sequence[RegistersInput], cpus: str | None = None
) -> Call[SealedList]:
    """Take in a VM that runs already, with exactly what its VMM tells its guest; with `cpus`, pinned to those."""
    wanted = _boot(host, cpus)
    wanted["adopt"] = {"mode": mode, "implementations": list(implementations)}
    return action(address("vms", vm, "boots"), wanted)


def stop(vm: str) -> Call[Vm]:
    """The VMM process has ended."""
    return action(address("vms", vm, "stop"))


def find(vm: str, page_size: int | None = None) -> Call[Page[ImplementationList]]:
    """Boots of the VM, the oldest first."""
    return get(address("vms", vm, "boots"), {"limit": page_size})


def _boot(host: str, cpus: str | None) -> BootInput:
    return {"host": host} if cpus is None else {"host": host, "cpus": cpus}
