"""What a report says of the CPUs of a host. An AIDR that was not read is no AIDR that is unknown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from app.domain.cpu.cpulist import CpuList
from app.domain.cpu.identity import CpuGroup, Identity


@dataclass(frozen=True, slots=True)
class CpuReport:
    """All CPUs, as they were read."""

    groups: tuple[CpuGroup, ...]
    unread: frozenset[int] = frozenset()
    """Positions of the groups whose AIDR was not read, as on kernels before 6.16. In the groups it is None."""

    def after(self, present: Identity | None) -> Identity:
        """What is known once the report is taken: an AIDR that was not read stays where MIDR and REVIDR did."""
        if present is None or not self.unread:
            return Identity(self.groups)
        told = (self._told(position, group, present) for position, group in enumerate(self.groups))
        return Identity(tuple(chain.from_iterable(told)))

    def _told(self, position: int, group: CpuGroup, present: Identity) -> Sequence[CpuGroup]:
        if position not in self.unread:
            return (group,)
        alike = [each for each in present.groups if each.reported[:2] == group.reported[:2]]
        aidrs = tuple(dict.fromkeys(each.reported.aidr for each in alike))
        if len(aidrs) > 1:
            return tuple(_by_cpu(group, alike, aidrs, present))
        return [_with_aidr(group, group.cpus, aidr) for aidr in aidrs or (None,)]


def _by_cpu(
    group: CpuGroup, alike: Sequence[CpuGroup], aidrs: Sequence[int | None], present: Identity
) -> Iterator[CpuGroup]:
    """The group, divided by what each of its CPUs had before; of those that were not there nothing is known."""
    rest = _all_cpus(present.groups) if group.cpus is None else group.cpus
    for aidr in aidrs:
        had = CpuList(rest.mask & _all_cpus([each for each in alike if each.reported.aidr == aidr]).mask)
        if had and aidr is not None:
            yield _with_aidr(group, had, aidr)
            rest -= had
    if rest:
        yield _with_aidr(group, rest, None)


def _all_cpus(groups: Sequence[CpuGroup]) -> CpuList:
    """Of several groups, which all name their CPUs."""
    mask = 0
    for group in groups:
        mask |= group.cpus.mask if group.cpus else 0
    return CpuList(mask)


def _with_aidr(group: CpuGroup, cpus: CpuList | None, aidr: int | None) -> CpuGroup:
    return CpuGroup(cpus, group.reported._replace(aidr=aidr))
