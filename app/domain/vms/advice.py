"""Advice about a VM: nothing is decided by it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from app.domain.fleet.fleet import FleetHost
from app.domain.fleet.placement import Placement
from app.domain.planning.advice import Advice, host_advice
from app.domain.planning.guest import Guest
from app.domain.planning.plan import Mode
from app.domain.reference.kernels import KernelBehaviours, KernelVersion
from app.domain.reference.reference_data import ReferenceData
from app.domain.vms.transitions import booted
from app.domain.vms.vm import Boot, Running, Vm, VmRecord


@dataclass(frozen=True, slots=True)
class AdvisedVm:
    """A VM as the service keeps it, with the advice about it."""

    record: VmRecord
    advice: tuple[Advice, ...]

    @property
    def tag(self) -> str:
        return self.record.tag

    @classmethod
    def of(cls, record: VmRecord, reference: ReferenceData) -> Self:
        return cls(record, tuple(advice(record.vm, reference)))


@dataclass(frozen=True, slots=True)
class SealedBoot:
    """A boot that has just been sealed, with the advice about its VM and its host."""

    boot: Boot
    advice: tuple[Advice, ...]

    @classmethod
    def of(cls, boot: Boot, vm: Vm, host: FleetHost, reference: ReferenceData) -> Self:
        about_vm = advice(booted(vm, boot, host), reference)
        return cls(boot, (*about_vm, *host_advice(host.profile)))


def advice(vm: Vm, reference: ReferenceData) -> Iterator[Advice]:
    guest = vm.definition.guest
    yield from advice_before_a_boot(vm.definition.placement, guest, reference)
    if vm.running:
        yield from _about_boot(vm.running, guest)


def advice_before_a_boot(placement: Placement, guest: Guest, reference: ReferenceData) -> Iterator[Advice]:
    """What is odd about a definition."""
    if guest.kernel_release is not None:
        yield from _about_kernel(guest.kernel_release, guest.discovers_implementations, reference.kernels)
    if unknown := sorted(set(placement.accept_hazards) - reference.tables.hazard_tables):
        yield Advice("unknown_hazard", f"accept_hazards names {', '.join(unknown)}, which no table is called")


def _about_boot(running: Running, guest: Guest) -> Iterator[Advice]:
    if running.exposed:
        detail = f"{running.host} has registers that the sealed list does not cover; move the VM, or boot it again"
        yield Advice("exposed", detail)
    if running.boot.plan.mode is Mode.DISCOVERABLE and not guest.discovers_implementations:
        yield Advice("list_not_discovered", "the guest is said not to ask for the list that its VMM exposes")


def _about_kernel(release: str, said_to_discover: bool, kernels: KernelBehaviours) -> Iterator[Advice]:  # noqa: FBT001 - a fact
    try:
        discovers = kernels.discovers(KernelVersion.parse(release))
    except ValueError:
        yield Advice("kernel_unknown", f"{release!r} is no Linux release that says whether the guest asks for the list")
        return
    if said_to_discover and not discovers:
        detail = f"Linux {release} does not ask for the list: discovery came with 6.15"
        yield Advice("kernel_cannot_discover", detail)
    if discovers and not said_to_discover:
        detail = f"Linux {release} asks for the list, and discovers_implementations is false"
        yield Advice("kernel_can_discover", detail)
