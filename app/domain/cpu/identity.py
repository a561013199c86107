"""The registers of all CPUs of a host."""

from dataclasses import dataclass
from functools import cached_property

from typing_extensions import override

from app.domain.cpu.cpulist import CpuList
from app.domain.cpu.implementation import Implementation, ReportedImplementation


@dataclass(frozen=True, slots=True)
class CpuGroup:
    """CPUs of a host that report the same registers. `cpus` may be None on a host with one group: all of them."""

    cpus: CpuList | None
    reported: ReportedImplementation

    @property
    def lowest_cpu(self) -> int:
        return self.cpus.lowest if self.cpus else 0


@dataclass(frozen=True)
class Identity:
    """The registers of all CPUs of a host, as it last reported them. Groups do not overlap."""

    groups: tuple[CpuGroup, ...]
    """None at all where what was stored cannot be read: see `UNREADABLE`."""

    @override
    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # A snapshot looks identities up once for every host; there are far fewer identities than hosts.
        return hash(self.groups)

    @cached_property
    def reported(self) -> tuple[ReportedImplementation, ...]:
        """Distinct implementations by the lowest CPU that has each, unknown registers included."""
        return _distinct_by_lowest_cpu(self.groups)

    @cached_property
    def known(self) -> frozenset[Implementation]:
        """The fully known implementations."""
        return frozenset(known for reported in self.reported if (known := reported.known))

    @property
    def readable(self) -> bool:
        return bool(self.groups)

    @cached_property
    def complete(self) -> bool:
        """Whether every register of every CPU is known (rule 1)."""
        return self.readable and all(reported.known for reported in self.reported)

    def on_cpus(self, cpus: CpuList | None) -> tuple[ReportedImplementation, ...]:
        """Distinct implementations of some CPUs, by the lowest CPU that has each; of all CPUs for None."""
        if cpus is None:
            return self.reported
        return _distinct_by_lowest_cpu(tuple(_restricted(group, cpus) for group in self.groups if _on(group, cpus)))

    def missing(self, cpus: CpuList) -> CpuList:
        """Those of `cpus` that no group has. A group without a cpulist has every CPU."""
        for group in self.groups:
            cpus = CpuList(0) if group.cpus is None else cpus - group.cpus
        return cpus


def _distinct_by_lowest_cpu(groups: tuple[CpuGroup, ...]) -> tuple[ReportedImplementation, ...]:
    by_cpu = sorted(groups, key=lambda group: group.lowest_cpu)
    return tuple(dict.fromkeys(group.reported for group in by_cpu))


def _on(group: CpuGroup, cpus: CpuList) -> bool:
    return group.cpus is None or group.cpus.overlaps(cpus)


def _restricted(group: CpuGroup, cpus: CpuList) -> CpuGroup:
    return CpuGroup(cpus if group.cpus is None else CpuList(group.cpus.mask & cpus.mask), group.reported)
