"""Advice about what was reported: where a host contradicts itself or the facts. Nothing is decided by it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from app.domain.cpu.identity import Identity
from app.domain.cpu.midr import fault, wide
from app.domain.fleet.capabilities import CAPABILITIES, Capabilities
from app.domain.fleet.host import Capacity, Profile
from app.domain.reference.kernels import KernelVersion

_known: Final[WeakKeyDictionary[Profile, "tuple[Advice, ...]"]] = WeakKeyDictionary()
"""The advice by profile, for as long as anybody has that: hosts are alike by the thousand."""

_SHOWS_AIDR: Final = KernelVersion(6, 16)
"""The first Linux with AIDR_EL1 in sysfs (17efc1acee62)."""


@dataclass(frozen=True, slots=True)
class Advice:
    code: str
    detail: str


def host_advice(profile: Profile) -> tuple[Advice, ...]:
    """What is odd about a host's report."""
    if (known := _known.get(profile)) is None:
        known = _known[profile] = _advice(profile)
    return known


def _advice(profile: Profile) -> tuple[Advice, ...]:
    return (
        *_about_registers(profile.identity),
        *_about_capacity(profile.identity, profile.capacity),
        *_about_kernel(profile),
    )


class AdviceTally:
    """Advice about many hosts: one piece for each code, with the number of hosts and the first of them."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: dict[str, tuple[str, Advice]] = {}

    def add(self, host: str, profile: Profile) -> None:
        for each in host_advice(profile):
            self._counts[each.code] += 1
            self._first.setdefault(each.code, (host, each))

    def told(self) -> tuple[Advice, ...]:
        return tuple(
            Advice(code, f"{_hosts(self._counts[code])} {host}: {advice.detail}")
            for code, (host, advice) in self._first.items()
        )


def _hosts(count: int) -> str:
    return "host" if count == 1 else f"{count} hosts, first"


def _about_registers(identity: Identity) -> Iterator[Advice]:
    for midr in sorted({each.midr for each in identity.reported}):
        if said := fault(midr):
            yield Advice("impossible_midr", f"{said}. It was stored before such values were refused; mend it")
        elif wide(midr):
            detail = f"MIDR_EL1 {midr:#x} has bits above 31, which no CPU has today; KVM gives a guest none of them"
            yield Advice("wide_midr", detail)


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
