"""Calls about VMs and their definitions."""

from collections.abc import Sequence

from roadstead.client.calls import Call, address, delete, get, put
from roadstead.client.documents import Page, Vm, VmInput, VmState


def find(
    states: Sequence[VmState] = (),
    host: str | None = None,
    page_size: int | None = None,
    *,
    exposed: bool | None = None,
    without_target: bool | None = None,
    accepting_hazards: bool | None = None,
    outdated: bool | None = None,
) -> Call[Page[Vm]]:
    """VMs by name that are in any of the states, run on the host, and for which the conditions hold, or do not."""
    conditions = {
        "exposed": exposed,
        "without_target": without_target,
        "accepting_hazards": accepting_hazards,
        "outdated": outdated,
    }
    return get(address("vms"), {"state": list(states), "host": host, **conditions, "limit": page_size})


def read(name: str) -> Call[Vm]:
    return get(address("vms", name))


def write(name: str, definition: VmInput, *, dry_run: bool = False) -> Call[Vm]:
    """Define the VM, or change its definition."""
    return put(address("vms", name), definition, {"dry_run": dry_run or None})


def remove(name: str) -> Call[None]:
    return delete(address("vms", name))
