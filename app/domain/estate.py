"""The estate: how the VMs that run on a fleet fare, kind by kind. What-if is the estate of a changed fleet."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple

from pyroaring import FrozenBitMap

from app.domain.cpu.identity import Identity
from app.domain.cpu.implementation import Implementation
from app.domain.fleet.capabilities import Capabilities
from app.domain.fleet.fleet import NO_HOSTS, Fleet, union
from app.domain.fleet.placement import Placement
from app.domain.planning.composition import joinable, mode_reasons
from app.domain.planning.eligibility import Move, targets
from app.domain.planning.guest import Guest
from app.domain.planning.plan import Plan
from app.domain.reference.reference_data import ReferenceData
from app.domain.vms.conditions import Condition
from app.domain.vms.exposure import covers


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningKind:
    """VMs with equal placements, guests and boots, on hosts alike: they fare alike, but for which of these it is."""

    placement: Placement
    guest: Guest
    plan: Plan
    """What decides of it. Pinned only as long as the VM has not moved."""
    identity: Identity
    """What their hosts show now."""
    capabilities: Capabilities
    """The same."""


class RunningGroup(NamedTuple):
    """How many VMs of a kind there are: on one host, or on all."""

    kind: RunningKind
    vms: int
    host: str | None = None


class Tally(NamedTuple):
    """How many VMs each condition holds for, as far as their kinds alone tell."""

    counts: Counter[Condition]
    undecided: FrozenBitMap
    """Hosts that decide: for a kind of VMs a condition holds on these, and elsewhere it does not."""


@dataclass(frozen=True, slots=True)
class Estate:
    fleet: Fleet
    reference: ReferenceData
    _reached: dict[Hashable, FrozenBitMap] = field(default_factory=dict)
    _joinable: dict[Hashable, Collection[Implementation]] = field(default_factory=dict)

    def hosts_where(self, condition: Condition, kind: RunningKind) -> FrozenBitMap:
        """The hosts on which the condition holds for VMs of the kind: mostly all, or none."""
        return _HOSTS_WHERE[condition](self, kind)

    def hosts_where_all(self, wanted: Mapping[Condition, bool], kind: RunningKind) -> FrozenBitMap:
        """The hosts on which each condition holds for VMs of the kind, or does not hold, as is wanted."""
        hosts = self.fleet.present
        for condition, holds in wanted.items():
            found = self.hosts_where(condition, kind)
            hosts = hosts & found if holds else hosts - found
        return hosts

    def tally(self, groups: Iterable[RunningGroup]) -> Tally:
        """Count groups that may be on any host."""
        counts: Counter[Condition] = Counter()
        undecided = []
        for group, condition, hosts in self._judged(groups):
            if hosts == self.fleet.present:
                counts[condition] += group.vms
            else:
                undecided.append(hosts)
        return Tally(counts, union(undecided))

    def tally_undecided(self, groups: Iterable[RunningGroup]) -> Counter[Condition]:
        """Count groups that are each on one of the hosts that `tally` left undecided, where it did not."""
        counts: Counter[Condition] = Counter()
        for group, condition, hosts in self._judged(groups):
            if hosts != self.fleet.present and group.host and self.fleet.number(group.host) & hosts:
                counts[condition] += group.vms
        return counts

    def _judged(self, groups: Iterable[RunningGroup]) -> Iterable[tuple[RunningGroup, Condition, FrozenBitMap]]:
        return (
            (group, condition, hosts)
            for group in groups
            for condition in Condition
            if (hosts := self.hosts_where(condition, group.kind))
        )

    def everywhere(self, *, holds: bool) -> FrozenBitMap:
        return self.fleet.present if holds else NO_HOSTS

    def within_reach(self, kind: RunningKind) -> FrozenBitMap:
        """Where VMs of the kind could move, were they on no host."""
        plan = kind.plan
        key = (kind.placement, plan.list.digest, plan.mode, plan.mode_reasons)
        if (reached := self._reached.get(key)) is None:
            move = Move(kind.placement, self.reference, plan, current_host="")
            reached = self._reached[key] = targets(self.fleet, move)
        return reached

    def listed_beside(self, kind: RunningKind, own: Collection[Implementation]) -> Collection[Implementation]:
        """What a boot would list beside a host's own implementations."""
        if mode_reasons(kind.guest, kind.capabilities):
            return ()
        # All that decides of them is which tables they are in.
        key = (kind.placement, frozenset(map(self.reference.tables.safe_in, own)))
        if (found := self._joinable.get(key)) is None:
            found = self._joinable[key] = joinable(self.fleet, kind.placement, own, self.reference.tables)
        return found


class Sieve:
    """Tells which VMs the wanted conditions hold for. Kinds are judged once, under any name for them."""

    def __init__(self, estate: Estate, wanted: Mapping[Condition, bool]) -> None:
        self._fleet = estate.fleet
        self._hosts_where = partial(estate.hosts_where_all, wanted)
        self._passes_idle = not any(wanted.values())
        self._hosts: dict[Hashable, FrozenBitMap] = {}

    def knows(self, kind: Hashable) -> bool:
        return kind in self._hosts

    def learn(self, kinds: Iterable[tuple[Hashable, RunningKind | None]]) -> None:
        """Judge kinds; VMs of one that cannot be read pass nothing."""
        self._hosts.update({name: self._hosts_where(kind) if kind else NO_HOSTS for name, kind in kinds})

    def passes(self, host: str | None, kind: Hashable | None) -> bool:
        """Whether the conditions hold for a VM of a known kind on a host, or for one that runs nowhere."""
        if host is None or kind is None:
            return self._passes_idle
        return bool(self._fleet.number(host) & self._hosts[kind])


def _exposed(estate: Estate, kind: RunningKind) -> FrozenBitMap:
    # The plan of a kind is no more pinned when its VMs have moved.
    covered = covers(kind.plan.list, kind.plan.cpus, kind.identity, moved=False)
    return estate.everywhere(holds=not covered)


def _without_target(estate: Estate, kind: RunningKind) -> FrozenBitMap:
    reached = estate.within_reach(kind)
    if not reached:
        return estate.fleet.present
    # No VM has its own host for a target.
    return reached if len(reached) == 1 else NO_HOSTS


def _accepting_hazards(estate: Estate, kind: RunningKind) -> FrozenBitMap:
    return estate.everywhere(holds=bool(kind.plan.accepted_hazards))


def _outdated(estate: Estate, kind: RunningKind) -> FrozenBitMap:
    if not kind.identity.complete:
        return NO_HOSTS
    own = [known for each in kind.identity.on_cpus(kind.plan.cpus) if (known := each.known)]
    listed = kind.plan.list.members
    return estate.everywhere(holds=not (listed.issuperset(own) and listed.issuperset(estate.listed_beside(kind, own))))


_HOSTS_WHERE: Final[Mapping[Condition, Callable[[Estate, RunningKind], FrozenBitMap]]] = {
    Condition.EXPOSED: _exposed,
    Condition.WITHOUT_TARGET: _without_target,
    Condition.ACCEPTING_HAZARDS: _accepting_hazards,
    Condition.OUTDATED: _outdated,
}
