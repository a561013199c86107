"""Advice about what was reported: where a host contradicts itself or the facts. Nothing is decided by it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from app.domain.cpu.identity import Identity
from app.domain.cpu.midr import check_midr, possible, wide
from app.domain.fleet.capabilities import CAPABILITIES, Capabilities
from app.domain.fleet.host import Capacity, Profile
from app.domain.reference.kernels import KernelVersion

_REMEMBERED: Final = 10_000
"""Profiles of which the advice is kept: hosts are alike by the thousand."""

_SHOWS_AIDR: Final = KernelVersion(6, 16)
"""The first Linux with AIDR_EL1 in sysfs (17efc1acee62)."""


@dataclass(frozen=True, slots=True)
class Advice:
    code: str
    detail: str


@lru_cache(_REMEMBERED)
def host_advice(profile: Profile) -> tuple[Advice, ...]:
    """What is odd about a host's report."""
    return (
        *_about_registers(profile.identity),
        *_about_capacity(profile.identity, profile.capacity),
        *_about_kernel(profile),
    )


def _about_registers(identity: Identity) -> Iterator[Advice]:
    for midr in sorted({each.midr for each in identity.reported}):
        if not possible(midr):
            yield Advice("impossible_midr", f"{_refusal(midr)}. It was stored before such values were refused; mend it")
        elif wide(midr):
            detail = f"MIDR_EL1 {midr:#x} has bits above 31, which no CPU has today; KVM gives a guest none of them"
            yield Advice("wide_midr", detail)


def _refusal(midr: int) -> str:
    try:
        check_midr(midr)
    except ValueError as error:
        return str(error)
    return ""


def _about_capacity(identity: Identity, capacity: Capacity | None) -> Iterator[Advice]:
    """Some CPUs may be kept from VMs, so a few less are no contradiction. More, or half as many, may well be one."""
    cpus = sum(group.cpus.mask.bit_count() for group in identity.groups if group.cpus)
    if capacity is None or not cpus or not capacity.vcpus:
        return
    if capacity.vcpus > cpus:
        detail = f"the report tells of {cpus} CPUs, and capacity of {capacity.vcpus} vCPUs: are CPUs missing from it?"
        yield Advice("more_vcpus_than_cpus", detail)
    elif capacity.vcpus * 2 <= cpus:
        detail = f"the report tells of {cpus} CPUs, and capacity of {capacity.vcpus} vCPUs only: are both of this host?"
        yield Advice("fewer_vcpus_than_cpus", detail)


def _about_kernel(profile: Profile) -> Iterator[Advice]:
    if profile.kernel_release is None:
        return
    try:
        version = KernelVersion.parse(profile.kernel_release)
    except ValueError:
        detail = f"{profile.kernel_release!r} is no Linux release, so nothing can be held against it"
        yield Advice("host_kernel_unknown", detail)
        return
    yield from _about_capabilities(version, profile.capabilities)
    if version >= _SHOWS_AIDR and any(each.aidr is None for each in profile.identity.reported):
        detail = f"Linux {version} shows AIDR_EL1, and some CPUs are reported without: collect again"
        yield Advice("aidr_not_reported", detail)


def _about_capabilities(version: KernelVersion, capabilities: Capabilities) -> Iterator[Advice]:
    for each in CAPABILITIES:
        if capabilities.of(each) and version < each.since:
            came = KernelVersion(*each.since)
            detail = (
                f"{each.name} is true, and came with Linux {came}; Linux {version} has it only if it was backported"
            )
            yield Advice(f"kernel_lacks_{each.name}", detail)
