"""Calls about VMs: definitions, boots, lists, and where they may move."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from roadstead.client.calls import Call, Query, action, address, delete, get, put, question
from roadstead.client.documents import (
    ImplementationList,
    Migration,
    Mode,
    Page,
    Preview,
    Registers,
    Rejections,
    TargetPage,
    Verdict,
    Vm,
)


def find(states: Sequence[str] = (), host: str | None = None, page_size: int | None = None) -> Call[Page[Vm]]:
    """VMs by name that are in any of the states, and run on the host."""
    query: Query = {"state": list(states), "host": host, "limit": page_size}
    return get(address("vms"), query)


def read(name: str) -> Call[Vm]:
    return get(address("vms", name))


def write(name: str, definition: Mapping[str, Any]) -> Call[Vm]:
    """Define the VM, or change its definition."""
    return put(address("vms", name), definition)


def remove(name: str) -> Call[None]:
    return delete(address("vms", name))


def boot(name: str, host: str, cpus: str | None = None) -> Call[ImplementationList]:
    """Seal the list for a start on the host; with `cpus`, pinned to those."""
    return action(address("vms", name, "boots"), {"host": host, **_pinned(cpus)})


def adopt(
    name: str, host: str, mode: Mode, implementations: Sequence[Registers], cpus: str | None = None
) -> Call[ImplementationList]:
    """Take in a VM that runs already, with exactly what its VMM tells its guest; with `cpus`, pinned to those."""
    exposed = {"mode": mode, "implementations": list(implementations)}
    return action(address("vms", name, "boots"), {"host": host, "adopt": exposed, **_pinned(cpus)})


def stop(name: str) -> Call[Vm]:
    """The VMM process has ended."""
    return action(address("vms", name, "stop"))


def boots(name: str, page_size: int | None = None) -> Call[Page[ImplementationList]]:
    return get(address("vms", name, "boots"), {"limit": page_size})


def implementation_list(name: str, boot: int | None = None) -> Call[ImplementationList]:
    """The list in force; with a number, the one which that boot sealed."""
    return get(_list(name, boot))


def qemu_option(name: str, boot: int | None = None) -> Call[str]:
    """The same list as the value of QEMU's -M option."""
    return replace(get(_list(name, boot), {"format": "qemu"}), read=lambda received: received.body.decode())


def binary_list(name: str, boot: int | None = None) -> Call[bytes]:
    """The same list in 24 bytes an entry: what its digest is made of."""
    return replace(get(_list(name, boot), {"format": "binary"}), read=lambda received: received.body)


def targets(name: str, page_size: int | None = None) -> Call[TargetPage]:
    """Hosts to which the VM may move now."""
    return get(address("vms", name, "targets"), {"limit": page_size})


def verdict(name: str, host: str) -> Call[Verdict]:
    """Whether the VM may move to this host, and every reason why not."""
    return get(address("vms", name, "targets", host))


def rejections(name: str) -> Call[Rejections]:
    """Why hosts are no targets, by reason."""
    return get(address("vms", name, "rejections"))


def migrate(name: str, target: str) -> Call[Migration]:
    """Admit the move. The guest has not moved by that: see `migrations`."""
    return action(address("vms", name, "migrations"), {"target": target})


def preview(
    host: str, guest: Mapping[str, Any], placement: Mapping[str, Any] | None = None, cpus: str | None = None
) -> Call[Preview]:
    """What a boot on the host would get. Stores nothing."""
    asked = {"host": host, "guest": guest, "placement": placement or {}, **_pinned(cpus)}
    return question(address("placements", verb="preview"), asked)


def _pinned(cpus: str | None) -> Mapping[str, str]:
    return {} if cpus is None else {"cpus": cpus}


def _list(name: str, boot: int | None) -> str:
    return address("vms", name, "implementation-list") if boot is None else address("vms", name, "boots", boot)
