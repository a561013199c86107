"""Advice about a VM: nothing is decided by it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from app.domain.plan import Mode
from app.domain.vm import Guest, Vm

DISCOVERY_SINCE: Final = (6, 15)
"""First Linux release whose guest side asks for the list (drivers/firmware/smccc/kvm_guest.c)."""

_RELEASE: Final = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001 - what the field calls it
    code: str
    detail: str


def warnings(vm: Vm) -> Iterator[Warning]:
    guest = vm.definition.guest
    release = _release(guest)
    if release and (release >= DISCOVERY_SINCE) != guest.discovers_implementations:
        yield _contradicted(guest)
    if vm.exposed:
        yield Warning(
            "exposed", f"{vm.host} has registers that the sealed list does not cover; move the VM, or boot it again"
        )
    if vm.boot and vm.boot.plan.mode is Mode.DISCOVERABLE and not guest.discovers_implementations:
        yield Warning("list_not_discovered", "the guest is said not to ask for the list that its VMM exposes")


def _release(guest: Guest) -> tuple[int, int] | None:
    match = _RELEASE.match(guest.kernel_release or "")
    return (int(match[1]), int(match[2])) if match else None


def _contradicted(guest: Guest) -> Warning:
    if guest.discovers_implementations:
        detail = f"Linux {guest.kernel_release} does not ask for the list: discovery came with 6.15"
        return Warning("kernel_cannot_discover", detail)
    detail = f"Linux {guest.kernel_release} asks for the list, and discovers_implementations is false"
    return Warning("kernel_can_discover", detail)
