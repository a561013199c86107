"""The fleet: an immutable snapshot of the host inventory at one revision.

Hosts are numbered, and each fact that decides anything has a bitmap of the numbers of the hosts that share it. A
question about 100,000 hosts is then a handful of set operations, and hosts that agree in every deciding fact are
judged together. Numbers ascend with names, but for a short tail of hosts that came after the last renumbering.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence, Sized
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import IntEnum, auto
from heapq import merge
from itertools import takewhile
from typing import Any, Concatenate, Final, NamedTuple, ParamSpec, TypeVar, assert_never

from pyroaring import BitMap, FrozenBitMap

from app.domain.cpu.identity import Identity
from app.domain.cpu.implementation import Implementation
from app.domain.fleet.capabilities import Capabilities
from app.domain.fleet.derivations import Derivations
from app.domain.fleet.host import Host, HostState, Profile
from app.domain.fleet.placement import Operator, Placement, Requirement

Labels = tuple[tuple[str, str], ...]
"""Labels in a form that can be shared and compared: pairs in order of the key."""

P = ParamSpec("P")
V = TypeVar("V", bound=Sized)

NO_HOSTS: Final = FrozenBitMap()


class FleetHost(NamedTuple):
    """A host as the planner sees it: its own name and labels, and a profile that it shares."""

    name: str
    state: HostState
    labels: Labels
    profile: Profile

    @classmethod
    def of(cls, host: Host) -> "FleetHost":
        return cls(host.name, host.state, tuple(sorted(host.labels.items())), host.profile)

    @property
    def identity(self) -> Identity:
        return self.profile.identity

    @property
    def capabilities(self) -> Capabilities:
        return self.profile.capabilities


class Facet(IntEnum):
    """The kinds of deciding facts."""

    STATE = auto()
    LABEL = auto()
    LABEL_KEY = auto()
    IDENTITY = auto()
    COMPLETE = auto()
    IMPLEMENTATION = auto()
    """Fully known ones; a host may have several."""
    CAPABILITY = auto()
    """By name, with what is reported of it."""


Fact = tuple[Facet, Hashable]
Postings = Mapping[Facet, Mapping[Any, FrozenBitMap]]


def _facts(state: HostState, labels: Labels, profile: Profile) -> Iterator[Fact]:
    yield Facet.STATE, state
    yield Facet.IDENTITY, profile.identity
    yield Facet.COMPLETE, profile.identity.complete
    for implementation in profile.identity.known:
        yield Facet.IMPLEMENTATION, implementation
    for label in labels:
        yield Facet.LABEL, label
        yield Facet.LABEL_KEY, label[0]
    for answer in profile.capabilities.answers:
        yield Facet.CAPABILITY, answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Make one with `Fleet.of`, a changed one with `changed`; nothing of a fleet ever changes in place."""

    revision: int
    _hosts: Sequence[FleetHost | None] = ()
    """By number; None where a host was deleted."""
    _names: tuple[str, ...] = ()
    """By number, of deleted hosts too: their numbers keep their place in the order."""
    _numbers: Mapping[str, int] = field(default_factory=dict)
    _ordered: int = 0
    """Numbers below this ascend with the names; those from here on are the tail."""
    _postings: Postings = field(default_factory=dict)
    present: FrozenBitMap = NO_HOSTS
    """All hosts."""
    stale: FrozenBitMap = NO_HOSTS
    """Hosts whose last observation is too old to be acted on; whoever has the clock says which."""
    _derivations: Derivations = field(default_factory=Derivations, repr=False, compare=False)

    @classmethod
    def of(cls, hosts: Iterable[FleetHost], revision: int) -> "Fleet":
        """A fleet of hosts with distinct names."""
        ordered = tuple(sorted(hosts, key=lambda host: host.name))
        names = tuple(host.name for host in ordered)
        return cls(
            revision=revision,
            _hosts=ordered,
            _names=names,
            _numbers={name: number for number, name in enumerate(names)},
            _ordered=len(ordered),
            _postings=_index(enumerate(ordered)),
            present=FrozenBitMap(range(len(ordered))),
        )

    def __len__(self) -> int:
        return len(self.present)

    def __contains__(self, name: object) -> bool:
        return name in self._numbers

    def __iter__(self) -> Iterator[FleetHost]:
        """All hosts, in no order that means anything."""
        return (host for host in self._hosts if host is not None)

    def host(self, name: str) -> FleetHost | None:
        number = self._numbers.get(name)
        return None if number is None else self._hosts[number]

    def numbered(self, number: int) -> FleetHost:
        """The host of one of the numbers that the sets here are made of. Raises LookupError for that of no host."""
        host = self._hosts[number]
        if host is None:
            raise LookupError(number)
        return host

    def number(self, name: str) -> FrozenBitMap:
        """The host alone, as a set; empty for a name that is not in the fleet."""
        return self.numbers((name,))

    def numbers(self, names: Iterable[str]) -> FrozenBitMap:
        """The hosts of these names; names that are not in the fleet are passed over."""
        return FrozenBitMap(self._numbers[name] for name in names if name in self._numbers)

    def having(self, facet: Facet, value: Hashable) -> FrozenBitMap:
        return self._postings.get(facet, {}).get(value, NO_HOSTS)

    def having_any(self, facet: Facet, values: Iterable[Hashable]) -> FrozenBitMap:
        postings = self._postings.get(facet, {})
        return union(postings[value] for value in values if value in postings)

    def identities(self) -> Collection[tuple[Identity, FrozenBitMap]]:
        """Each distinct identity with the hosts that have it, in no order that means anything."""
        return self._postings.get(Facet.IDENTITY, {}).items()

    def implementations(self) -> AbstractSet[Implementation]:
        """Every distinct implementation that is fully known."""
        return self._postings.get(Facet.IMPLEMENTATION, {}).keys()

    @property
    def incomplete(self) -> FrozenBitMap:
        """Hosts that have an unknown register (rule 1); those that cannot be read are among them."""
        return self.having(Facet.COMPLETE, value=False)

    def allowed(self, placement: Placement) -> FrozenBitMap:
        """The hosts that the placement allows, as `Placement.allows` would say host by host."""
        hosts = self.numbers(placement.include_hosts) if placement.include_hosts else self.present
        for requirement in placement.selector.requirements:
            hosts &= self._satisfying(requirement)
        return hosts - self.numbers(placement.exclude_hosts)

    def _satisfying(self, requirement: Requirement) -> FrozenBitMap:
        match requirement.operator:
            case Operator.IN:
                return self._labelled(requirement)
            case Operator.NOT_IN:
                return self.present - self._labelled(requirement)
            case Operator.EXISTS:
                return self.having(Facet.LABEL_KEY, requirement.key)
            case Operator.DOES_NOT_EXIST:
                return self.present - self.having(Facet.LABEL_KEY, requirement.key)
            case _:
                assert_never(requirement.operator)

    def _labelled(self, requirement: Requirement) -> FrozenBitMap:
        return self.having_any(Facet.LABEL, ((requirement.key, value) for value in requirement.values))

    def derived(
        self,
        work: Callable[Concatenate["Fleet", Placement, P], V],
        placement: Placement,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> V:
        """What a pure function makes of this fleet and a placement, worked out once.

        Whatever it is given is compared by value. It must not ask who is stale: that alone changes beneath a fleet.
        """
        question = (work, placement, args, tuple(kwargs.items()))
        answer: V = self._derivations.once(
            question, lambda: work(self, placement, *args, **kwargs), lambda answer: placement.size + len(answer)
        )
        return answer

    def in_name_order(self, hosts: FrozenBitMap, after: str = "") -> Iterator[FleetHost]:
        """These hosts by name, those after a name only; asks no more of the set than the caller takes."""
        name = self._names.__getitem__
        start = bisect_right(self._names, after, hi=self._ordered)
        ordered = takewhile(self._ordered.__gt__, hosts.iter_equal_or_larger(start))
        tail = (number for number in hosts.iter_equal_or_larger(self._ordered) if name(number) > after)
        numbers = merge(ordered, sorted(tail, key=name), key=name)
        return filter(None, map(self._hosts.__getitem__, numbers))

    def alone(self, name: str) -> "Fleet":
        """The fleet without all others: a question about one host need not cost what one about the fleet does."""
        host, number = self.host(name), self.number(name)
        return Fleet.of([] if host is None else [host], self.revision).with_stale([name] if number & self.stale else [])

    def with_stale(self, names: Iterable[str]) -> "Fleet":
        return replace(self, stale=self.numbers(names))

    def with_host(self, host: FleetHost) -> "Fleet":
        """The same fleet with one host put in, at the same revision: to judge a row just locked, or a what-if."""
        return self if self.host(host.name) == host else self.changed([host], [], self.revision)

    def changed(self, put: Iterable[FleetHost], deleted: Iterable[str], revision: int) -> "Fleet":
        """The fleet at a later revision. Costs what changed, until so much has that renumbering is cheaper."""
        arrived = {host.name: host for host in put}
        gone = {name for name in deleted if name in self._numbers}
        if self._should_renumber(arrived, gone):
            kept = (host for host in self if host.name not in arrived and host.name not in gone)
            return Fleet.of([*kept, *arrived.values()], revision).with_stale(
                self._names[number] for number in self.stale
            )
        return self._patched(arrived, gone, revision)

    def _should_renumber(self, arrived: Mapping[str, FleetHost], gone: set[str]) -> bool:
        fresh = sum(name not in self._numbers for name in arrived)
        tail = len(self._names) - self._ordered + fresh
        return len(arrived) + len(gone) > 64 + len(self) // 8 or tail > 256 + self._ordered // 64

    def _patched(self, arrived: Mapping[str, FleetHost], gone: set[str], revision: int) -> "Fleet":
        fresh = tuple(name for name in arrived if name not in self._numbers)
        numbers = self._renumbered(fresh, gone)
        hosts = [*self._hosts, *(None for _ in fresh)]
        before = {self._numbers[name]: host for name in (*arrived, *gone) if (host := self.host(name))}
        after = {numbers[name]: host for name, host in arrived.items()}
        for number, host in (dict.fromkeys(before) | after).items():
            hosts[number] = host
        return Fleet(
            revision=revision,
            _hosts=hosts,
            _names=self._names + fresh if fresh else self._names,
            _numbers=numbers,
            _ordered=self._ordered,
            _postings=_reindexed(self._postings, before, after),
            present=self.present - FrozenBitMap(before) | FrozenBitMap(after),
            stale=self.stale - FrozenBitMap(self._numbers[name] for name in gone),
        )

    def _renumbered(self, fresh: tuple[str, ...], gone: set[str]) -> Mapping[str, int]:
        if not fresh and not gone:
            return self._numbers
        numbers = dict(self._numbers)
        numbers.update(zip(fresh, range(len(self._names), len(self._names) + len(fresh)), strict=True))
        for name in gone:
            del numbers[name]
        return numbers


def union(sets: Iterable[FrozenBitMap]) -> FrozenBitMap:
    """All hosts that are in any of the sets."""
    return NO_HOSTS.union(*sets)


def _index(hosts: Iterable[tuple[int, FleetHost]]) -> Postings:
    alike: dict[tuple[HostState, Labels, Profile], list[int]] = defaultdict(list)
    for number, host in hosts:
        alike[host[1:]].append(number)
    numbers: dict[Fact, list[int]] = defaultdict(list)
    for kind, members in alike.items():
        for fact in _facts(*kind):
            numbers[fact] += members
    postings: dict[Facet, dict[Hashable, FrozenBitMap]] = defaultdict(dict)
    for (facet, value), members in numbers.items():
        postings[facet][value] = FrozenBitMap(members)
    return postings


def _facts_of(host: FleetHost | None) -> frozenset[Fact]:
    return frozenset() if host is None else frozenset(_facts(*host[1:]))


def _reindexed(postings: Postings, before: Mapping[int, FleetHost], after: Mapping[int, FleetHost]) -> Postings:
    """The postings with the facts of some numbers taken out and others put in; what is untouched is shared."""
    left: dict[Fact, BitMap] = defaultdict(BitMap)
    joined: dict[Fact, BitMap] = defaultdict(BitMap)
    for number in before.keys() | after.keys():
        had, has = _facts_of(before.get(number)), _facts_of(after.get(number))
        for fact in had - has:
            left[fact].add(number)
        for fact in has - had:
            joined[fact].add(number)
    facts = left.keys() | joined.keys()
    touched = {facet: dict(postings.get(facet, {})) for facet, _ in facts}
    for facet, value in facts:
        members = touched[facet].pop(value, NO_HOSTS) - left[facet, value] | joined[facet, value]
        if members:
            touched[facet][value] = FrozenBitMap(members)
    return {**postings, **touched}
