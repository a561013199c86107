"""The fleet by its hosts' conditions and by its implementations, against counting host by host."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cpu.implementation import ReportedImplementation
from app.domain.fleet.catalogue import HostFilter, ImplementationPattern, by_state, implementations
from app.domain.fleet.fleet import Fleet, FleetHost
from app.domain.fleet.host import UNREADABLE, HostState
from app.domain.fleet.placement import Operator, Requirement
from tests.domain import strategies as some
from tests.domain.samples import A55, A76, N1, N1_AIDR, N1_REVIDR, V1, host, identity, reported, unread

patterns = st.builds(
    lambda each, revidr, aidr: ImplementationPattern(
        each.midr, each.revidr if revidr else None, each.aidr if aidr else None
    ),
    some.implementations,
    st.booleans(),
    st.booleans(),
)
filters = st.builds(
    HostFilter,
    labels=st.lists(some.requirements, max_size=2).map(tuple),
    states=st.just(frozenset()) | st.frozensets(st.sampled_from(HostState)),
    implementation=st.none() | patterns,
    stale=st.none() | st.booleans(),
    incomplete=st.none() | st.booleans(),
)


def fits(pattern: ImplementationPattern, found: ReportedImplementation) -> bool:
    return (
        found.midr == pattern.midr
        and (pattern.revidr is None or found.revidr == pattern.revidr)
        and (pattern.aidr is None or found.aidr == pattern.aidr)
    )


def wanted(each: FleetHost, stale: bool, by: HostFilter) -> bool:
    found = [group.reported for group in each.identity.groups]
    pattern = by.implementation
    return (
        all(requirement.holds(dict(each.labels)) for requirement in by.labels)
        and (not by.states or each.state in by.states)
        and (pattern is None or any(fits(pattern, one) for one in found))
        and by.stale in (None, stale)
        and by.incomplete in (None, any(one.aidr is None for one in found))
    )


# The API: hosts are listed by labels, by states, and by an implementation.
@given(some.fleets(), filters)
def test_conditions_are_asked_of_every_host(fleet: Fleet, by: HostFilter) -> None:
    expected = sorted(each.name for each in fleet if wanted(each, bool(fleet.number(each.name) & fleet.stale), by))
    assert [each.name for each in fleet.in_name_order(by.select(fleet))] == expected


ZONED = Requirement("zone", Operator.EXISTS)
FLEET = Fleet.of(
    [
        host("h1", N1, labels={"zone": "a"}),
        host("h2", N1_REVIDR, HostState.RETIRED, {"zone": "a"}),
        host("h3", unread(N1), HostState.PLANNED),
        host("h4", identity(("0-3", A55), ("4-7", A76)), HostState.CORDONED, {"zone": "b"}),
        host("h5", identity(("0", N1), ("1", N1)), labels={"zone": "b"}),
    ],
    1,
)
DAMAGED = Fleet.of([*FLEET, host("h6", UNREADABLE)], 1).with_stale(["h1", "h3"])


@pytest.mark.parametrize(
    ("by", "names"),
    [
        (HostFilter(), ["h1", "h2", "h3", "h4", "h5"]),
        (HostFilter(labels=(Requirement("zone", Operator.IN, ("a",)),)), ["h1", "h2"]),
        (HostFilter(states=frozenset({HostState.ACTIVE, HostState.RETIRED})), ["h1", "h2", "h5"]),
        (HostFilter(implementation=ImplementationPattern(N1.midr)), ["h1", "h2", "h3", "h5"]),
        (HostFilter(implementation=ImplementationPattern(N1.midr, 0)), ["h1", "h3", "h5"]),
        # an unknown register is not 0
        (HostFilter(implementation=ImplementationPattern(N1.midr, 0, 0)), ["h1", "h5"]),
        (HostFilter(implementation=ImplementationPattern(A76.midr)), ["h4"]),
        (HostFilter(implementation=ImplementationPattern(V1.midr)), []),
        (
            HostFilter(
                labels=(ZONED,),
                states=frozenset({HostState.ACTIVE}),
                implementation=ImplementationPattern(*N1),
            ),
            ["h1", "h5"],
        ),
    ],
)
def test_filters(by: HostFilter, names: list[str]) -> None:
    assert [each.name for each in FLEET.in_name_order(by.select(FLEET))] == names


@pytest.mark.parametrize(
    ("by", "names"),
    [
        (HostFilter(stale=True), ["h1", "h3"]),
        (HostFilter(stale=False), ["h2", "h4", "h5", "h6"]),
        (HostFilter(incomplete=True), ["h3", "h6"]),
        (HostFilter(stale=True, incomplete=False), ["h1"]),
        (HostFilter(unreadable=True), ["h6"]),
        (HostFilter(unreadable=False), ["h1", "h2", "h3", "h4", "h5"]),
    ],
)
def test_filters_for_hosts_that_need_somebody(by: HostFilter, names: list[str]) -> None:
    assert [each.name for each in DAMAGED.in_name_order(by.select(DAMAGED))] == names


# The API: "GET /v1/implementations: distinct implementations of the fleet with hosts by state".


@given(some.fleets())
def test_implementations_are_counted_host_by_host(fleet: Fleet) -> None:
    counted: dict[ReportedImplementation, Counter[HostState]] = {}
    for each in fleet:
        for found in {group.reported for group in each.identity.groups}:
            counted.setdefault(found, Counter())[each.state] += 1
    answered = {each.implementation: +each.hosts for each in implementations(fleet)}
    assert answered == counted
    assert all(set(each.hosts) == set(HostState) for each in implementations(fleet)), "no hosts are a number too"


def ascending(found: ReportedImplementation) -> tuple[int, int, bool, int]:
    return (found.midr, found.revidr, found.aidr is not None, found.aidr or 0)


@given(some.fleets())
def test_implementations_ascend_as_unsigned_numbers(fleet: Fleet) -> None:
    answered = implementations(fleet)
    assert all(ascending(a.implementation) < ascending(b.implementation) for a, b in pairwise(answered))
    assert [each.key for each in answered] == sorted(each.key for each in answered)


def test_implementations_of_a_fleet() -> None:
    found = [(each.implementation, +each.hosts) for each in implementations(FLEET)]
    assert found == [
        (reported(A55), Counter({HostState.CORDONED: 1})),
        (unread(N1), Counter({HostState.PLANNED: 1})),
        (reported(N1), Counter({HostState.ACTIVE: 2})),
        (reported(N1_REVIDR), Counter({HostState.RETIRED: 1})),
        (reported(A76), Counter({HostState.CORDONED: 1})),
    ]


def test_the_key_tells_unknown_from_zero_and_sorts_it_first() -> None:
    hosts = [host("h1", unread(N1)), host("h2", N1), host("h3", N1_AIDR)]
    assert [each.key for each in implementations(Fleet.of(hosts, 1))] == [
        "00000000413fd0c1.0000000000000000.-",
        "00000000413fd0c1.0000000000000000.0000000000000000",
        "00000000413fd0c1.0000000000000000.0000000000000001",
    ]


@given(some.fleets())
def test_hosts_by_state(fleet: Fleet) -> None:
    assert +by_state(fleet, fleet.present) == Counter(each.state for each in fleet)
