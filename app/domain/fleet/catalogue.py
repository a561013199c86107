"""What the fleet is made of: its hosts by condition, its implementations with the hosts that have them."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from pyroaring import FrozenBitMap

from app.domain.cpu.implementation import Implementation, ReportedImplementation
from app.domain.fleet.fleet import Facet, Fleet, union
from app.domain.fleet.host import UNREADABLE, HostState
from app.domain.fleet.placement import Placement, Requirement, Selector


@dataclass(frozen=True, slots=True)
class ImplementationPattern:
    """Registers to look for; None stands for any value."""

    midr: int
    revidr: int | None = None
    aidr: int | None = None

    def matches(self, reported: ReportedImplementation) -> bool:
        wanted = (self.midr, self.revidr, self.aidr)
        return all(value in (None, found) for value, found in zip(wanted, reported, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFilter:
    """Conditions on hosts; all must hold. Where one is None, it is not asked for."""

    labels: tuple[Requirement, ...] = ()
    states: frozenset[HostState] = frozenset()
    """Any of these; of every state where empty."""
    implementation: ImplementationPattern | None = None
    stale: bool | None = None
    incomplete: bool | None = None
    unreadable: bool | None = None

    def select(self, fleet: Fleet) -> FrozenBitMap:
        hosts = fleet.allowed(Placement(selector=Selector(match_expressions=self.labels)))
        if self.states:
            hosts &= union(fleet.having(Facet.STATE, state) for state in self.states)
        if self.implementation:
            hosts &= _with_implementation(fleet, self.implementation)
        for wanted, found in (
            (self.stale, fleet.stale),
            (self.incomplete, fleet.incomplete),
            (self.unreadable, unreadable(fleet)),
        ):
            if wanted is not None:
                hosts = hosts & found if wanted else hosts - found
        return hosts


def unreadable(fleet: Fleet) -> FrozenBitMap:
    """The hosts of which what is stored cannot be read."""
    return fleet.having(Facet.IDENTITY, UNREADABLE)


def with_any_of(fleet: Fleet, implementations: Collection[Implementation]) -> FrozenBitMap:
    """The hosts that have at least one of these implementations, fully known."""
    return fleet.having_any(Facet.IMPLEMENTATION, implementations)


def _with_implementation(fleet: Fleet, pattern: ImplementationPattern) -> FrozenBitMap:
    return union(
        hosts for identity, hosts in fleet.identities() if any(pattern.matches(each) for each in identity.reported)
    )


@dataclass(frozen=True, slots=True)
class FleetImplementation:
    """An implementation with the number of hosts that have it, by state. Unknown registers keep it apart."""

    implementation: ReportedImplementation
    hosts: Counter[HostState]

    @property
    def key(self) -> str:
        """Orders as the registers do, an unknown one before all known."""
        midr, revidr, aidr = self.implementation
        return f"{midr:016x}.{revidr:016x}.{'-' if aidr is None else f'{aidr:016x}'}"


def implementations(fleet: Fleet) -> list[FleetImplementation]:
    """Every distinct implementation of the fleet, ascending by its registers; unknown ones first."""
    counts: dict[ReportedImplementation, Counter[HostState]] = {}
    for identity, hosts in fleet.identities():
        states = by_state(fleet, hosts)
        for reported in identity.reported:
            counts.setdefault(reported, Counter()).update(states)
    return sorted((FleetImplementation(*item) for item in counts.items()), key=lambda each: each.key)


def by_state(fleet: Fleet, hosts: FrozenBitMap) -> Counter[HostState]:
    return Counter({state: hosts.intersection_cardinality(fleet.having(Facet.STATE, state)) for state in HostState})
