"""Random fleets, guests and questions, small enough that hosts, names and registers often meet.

Identities, labels and abilities are sampled from pools: examples are cheap then, and shrink to the first of the pool.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from random import Random
from typing import Final

from hypothesis import strategies as st
from typing_extensions import override

from app.domain.cpu.cpulist import CpuList
from app.domain.cpu.identity import CpuGroup, Identity
from app.domain.cpu.implementation import Implementation, ReportedImplementation
from app.domain.cpu.midr import possible
from app.domain.fleet.capabilities import Capabilities
from app.domain.fleet.fleet import Fleet, FleetHost
from app.domain.fleet.host import HostState, Profile
from app.domain.fleet.placement import Operator, Placement, Requirement, Selector
from app.domain.planning.composition import BootOrder
from app.domain.planning.guest import Guest
from tests.domain import samples
from tests.domain.samples import REFERENCE

# Registers and implementations.

registers = st.sampled_from([0, 1, 2**31, 2**32 - 1, 2**32, 2**53 + 1, 2**63, 2**64 - 1]) | st.integers(0, 2**64 - 1)
"""Any 64 bits, and more often those at which narrower or signed numbers break."""

midrs = registers.map(lambda value: value | 0xF0000).filter(possible)
"""What MIDR_EL1 may hold."""

any_implementations = st.builds(Implementation, registers, registers, registers)

POOL: Final = (
    samples.N1,
    samples.V1,
    samples.N1_REVIDR,
    samples.N1_AIDR,
    samples.N1_OLDER,
    samples.KUNPENG,
    samples.KUNPENG_P1,
    samples.V2,
    samples.N3,
    samples.A53,
    samples.A55,
    samples.A57,
    samples.A76,
    samples.AMPEREONE,
    samples.UNHEARD_OF,
    samples.HIGH_BITS,
    samples.ALL_ONES,
    samples.ALL_ZERO,
)
"""Parts of Arm, HiSilicon and Ampere; some differ in one register only, and some are safe where others are not."""

implementations = st.sampled_from(POOL)
lists = st.lists(implementations, min_size=1, unique=True).map(tuple)

cpulists = st.sets(st.integers(0, 200), min_size=1).map(lambda cpus: CpuList(sum(1 << cpu for cpu in cpus)))

# Identities, and all else that decides about a host, are made beforehand.

_CHANCE: Final = Random(6)


def _reported() -> ReportedImplementation:
    each = _CHANCE.choice(POOL[:6] if _CHANCE.random() < 0.6 else POOL)
    return ReportedImplementation(each.midr, each.revidr, each.aidr if _CHANCE.random() < 0.95 else None)


def _mixed() -> Identity:
    """A host of several groups, whose CPUs are dealt out at random; two groups may report the same."""
    first, cpus, piles = _CHANCE.choice([0, 1, 62]), _CHANCE.randint(2, 8), _CHANCE.randint(2, 3)
    dealt = [_CHANCE.randrange(piles) for _ in range(cpus)]
    masks = {pile: sum(1 << first + cpu for cpu, to in enumerate(dealt) if to == pile) for pile in dealt}
    return Identity(tuple(CpuGroup(CpuList(mask), _reported()) for mask in masks.values()))


def _uniform(cpus: CpuList | None, each: Implementation) -> Identity:
    return Identity((CpuGroup(cpus, ReportedImplementation(*each)),))


_UNIFORM: Final = [_uniform(cpus, each) for each, cpus in product(POOL, (None, CpuList(0b1111)))]
_UNREAD: Final = [
    Identity((CpuGroup(None, ReportedImplementation(each.midr, each.revidr, None)),)) for each in POOL[:3]
]
_MIXED: Final = [_mixed() for _ in range(120)]
mixed_identities = st.sampled_from(_MIXED)
identities = st.sampled_from([*_UNIFORM, *_UNREAD, *_MIXED])

_KEYS: Final = ("zone", "rack", "gpu")
_VALUES: Final = ("a", "b")
_LABELS: Final = tuple(
    tuple((key, value) for key, value in zip(sorted(_KEYS), values, strict=True) if value)
    for values in product(("", *_VALUES), repeat=len(_KEYS))
)
_ABILITIES: Final = tuple(Capabilities(*each) for each in product((True, False, None), repeat=2))


def _kind() -> FleetHost:
    """A host without a name: mostly in order, and now and then not, in one way or several."""
    identity = _CHANCE.choice(_CHANCE.choice([_UNIFORM, _UNIFORM, _UNIFORM, _MIXED, _UNREAD]))
    state = _CHANCE.choice([*[HostState.ACTIVE] * 8, *HostState])
    labels, capabilities = _CHANCE.choice(_LABELS), _CHANCE.choice([*_ABILITIES[:1] * 12, *_ABILITIES])
    return FleetHost("", state, labels, Profile(identity=identity, capabilities=capabilities))


_KINDS: Final = [_kind() for _ in range(1000)]

# Hosts and fleets.

NAMES: Final = ("h1", "h2", "h10", "a", "a.b", "a-b", "z", "rack-7.node-3", "0", "h")
"""Names whose order as text is not that of their numbers, nor that of their lengths."""

names = st.sampled_from(NAMES)
kinds = st.sampled_from(_KINDS)
hosts = st.builds(lambda kind, name: kind._replace(name=name), kinds, names)


@st.composite
def host_lists(draw: st.DrawFn, min_size: int = 0, max_size: int = 8) -> list[FleetHost]:
    """Hosts of distinct names, in any order."""
    chosen = draw(st.lists(names, unique=True, min_size=min_size, max_size=max_size))
    return [draw(kinds)._replace(name=name) for name in chosen]


@st.composite
def fleets(draw: st.DrawFn, min_size: int = 0) -> Fleet:
    stale = draw(st.just([]) | st.lists(names, max_size=2))
    return Fleet.of(draw(host_lists(min_size)), draw(st.integers(0, 2**63 - 1))).with_stale(stale)


# Placements, guests, boots.

requirements = st.builds(
    Requirement,
    st.sampled_from([*_KEYS, "absent"]),
    st.sampled_from(Operator),
    st.lists(st.sampled_from([*_VALUES, "c"]), max_size=2, unique=True).map(tuple),
)
selectors = st.builds(
    Selector,
    st.dictionaries(st.sampled_from(_KEYS), st.sampled_from(_VALUES), max_size=1),
    st.lists(requirements, max_size=2).map(tuple),
)
hazards = st.lists(st.sampled_from(sorted(REFERENCE.tables.hazard_tables)), unique=True).map(tuple)
_some_names = st.lists(st.sampled_from([*NAMES, "nowhere"]), max_size=4).map(tuple)
placements = st.builds(
    Placement,
    selector=st.just(Selector()) | selectors,
    include_hosts=st.just(()) | _some_names,
    exclude_hosts=st.just(()) | _some_names,
    max_implementations=st.sampled_from([64, 64, 64, 3, 2, 1]),
    accept_hazards=st.just(()) | hazards,
)
wide_placements = st.builds(
    Placement,
    selector=st.just(Selector()) | st.builds(Selector, match_expressions=st.tuples(requirements)),
    max_implementations=st.sampled_from([64, 64, 64, 64, 3]),
    accept_hazards=st.just(()) | hazards,
)
"""Allow most hosts, so that most boots get a list."""

guests = st.builds(Guest, st.sampled_from([True, True, True, False]))


@dataclass(frozen=True, slots=True)
class Situation:
    """A fleet, and a boot on a host that it has."""

    fleet: Fleet
    order: BootOrder

    @override
    def __str__(self) -> str:
        """What a test can be written from: no bitmaps."""
        fleet, order = self.fleet, self.order
        hosts = "".join(f"\n  {each}" for each in fleet.in_name_order(fleet.present))
        stale = [each.name for each in fleet.in_name_order(fleet.stale)]
        return f"{order.host=} {order.cpus=} {order.guest=} {order.placement=} {stale=}{hosts}"


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """A boot that may be refused for any reason."""
    fleet = draw(fleets(min_size=1))
    host = draw(st.sampled_from(list(fleet.in_name_order(fleet.present))))
    placement = draw(placements | wide_placements)
    cpus = draw(st.none() | st.none() | some_cpus(host.identity))
    return Situation(fleet, BootOrder(placement, REFERENCE, draw(guests), host.name, cpus))


@st.composite
def plannable(draw: st.DrawFn) -> Situation:
    """A boot for which little is left to be refused: too many implementations, or kinds of CPUs that may not mix."""
    fleet = draw(fleets(min_size=1))
    host = draw(st.sampled_from(list(fleet.in_name_order(fleet.present))))._replace(state=HostState.ACTIVE)
    if not host.identity.complete:
        host = host._replace(profile=replace(host.profile, identity=draw(st.sampled_from(_UNIFORM))))
    stale = [each.name for each in fleet.in_name_order(fleet.stale) if each.name != host.name]
    placement = draw(wide_placements)
    if not placement.allows(host.name, dict(host.labels)):
        placement = replace(placement, selector=Selector())
    cpus = draw(st.none() | st.sampled_from(groups_of(host.identity)))
    order = BootOrder(placement, REFERENCE, draw(guests), host.name, cpus)
    return Situation(fleet.with_host(host).with_stale(stale), order)


def groups_of(identity: Identity) -> list[CpuList]:
    return [group.cpus or CpuList(0xFF) for group in identity.groups]


def some_cpus(identity: Identity) -> st.SearchStrategy[CpuList]:
    """CPUs to pin to: those of a group, some of the host's, or some that it may not have."""
    all_cpus = groups_of(identity)
    numbers = [cpu for cpus in all_cpus for cpu in range(cpus.mask.bit_length()) if cpus.mask >> cpu & 1]
    own = st.sets(st.sampled_from(numbers), min_size=1).map(_as_list)
    return st.sampled_from(all_cpus) | own | st.sets(st.integers(0, 80), min_size=1, max_size=3).map(_as_list)


def _as_list(cpus: set[int]) -> CpuList:
    return CpuList(sum(1 << cpu for cpu in cpus))


# Changes.


@dataclass(frozen=True, slots=True)
class Change:
    put: Sequence[FleetHost]
    deleted: Sequence[str]


@st.composite
def changes(draw: st.DrawFn, among: Sequence[str] = NAMES) -> Change:
    """Some hosts put in, some others taken out; names that are not there may be deleted, too."""
    touched = draw(st.lists(st.sampled_from(among), max_size=4, unique=True))
    cut = draw(st.integers(0, len(touched)))
    return Change([draw(kinds)._replace(name=name) for name in touched[:cut]], touched[cut:])
