"""The bitmaps of a fleet against the same questions asked host by host."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import FrozenBitMap

from app.domain.fleet.fleet import Facet, Fleet, FleetHost, union
from app.domain.fleet.host import HostState
from app.domain.fleet.placement import Operator, Placement, Requirement, Selector
from tests.domain import strategies as some
from tests.domain.samples import V1, host


def names(fleet: Fleet, hosts: FrozenBitMap, after: str = "") -> list[str]:
    return [each.name for each in fleet.in_name_order(hosts, after)]


# "The hosts that the placement allows, as Placement.allows would say host by host."
@given(some.fleets(), some.placements)
def test_allowed_is_what_a_placement_allows_host_by_host(fleet: Fleet, placement: Placement) -> None:
    one_by_one = sorted(each.name for each in fleet if placement.allows(each.name, dict(each.labels)))
    assert names(fleet, fleet.allowed(placement)) == one_by_one


@given(some.fleets(), some.requirements)
def test_every_requirement_alone(fleet: Fleet, requirement: Requirement) -> None:
    placement = Placement(selector=Selector(match_expressions=(requirement,)))
    assert names(fleet, fleet.allowed(placement)) == sorted(
        each.name for each in fleet if requirement.holds(dict(each.labels))
    )


@given(some.host_lists())
def test_every_fact_is_posted_and_no_other(hosts: list[FleetHost]) -> None:
    fleet = Fleet.of(hosts, 1)
    for state in HostState:
        assert names(fleet, fleet.having(Facet.STATE, state)) == sorted(h.name for h in hosts if h.state is state)
    for answer in (True, False, None):
        writable = fleet.having(Facet.CAPABILITY, ("writable_id_registers", answer))
        assert names(fleet, writable) == sorted(h.name for h in hosts if h.capabilities.writable_id_registers is answer)
        discovery = fleet.having(Facet.CAPABILITY, ("discovery_hypercalls", answer))
        assert names(fleet, discovery) == sorted(h.name for h in hosts if h.capabilities.discovery_hypercalls is answer)
    for key, value in {label for h in hosts for label in h.labels}:
        assert names(fleet, fleet.having(Facet.LABEL, (key, value))) == sorted(
            h.name for h in hosts if (key, value) in h.labels
        )
        assert names(fleet, fleet.having(Facet.LABEL_KEY, key)) == sorted(
            h.name for h in hosts if key in dict(h.labels)
        )


@given(some.host_lists())
def test_identities_divide_the_fleet(hosts: list[FleetHost]) -> None:
    fleet = Fleet.of(hosts, 1)
    found = {each: names(fleet, having) for each, having in fleet.identities()}
    assert found == {each.identity: sorted(h.name for h in hosts if h.identity == each.identity) for each in hosts}
    assert sum(len(having) for _, having in fleet.identities()) == len(hosts)


@given(some.host_lists(), st.integers(0, 2**63 - 1))
def test_a_fleet_has_its_hosts(hosts: list[FleetHost], revision: int) -> None:
    fleet = Fleet.of(hosts, revision)
    assert fleet.revision == revision
    assert len(fleet) == len(fleet.present) == len(hosts)
    assert sorted(fleet) == sorted(hosts)
    for name in some.NAMES:
        expected = next((each for each in hosts if each.name == name), None)
        assert fleet.host(name) == expected
        assert (name in fleet) == (expected is not None)
        assert names(fleet, fleet.number(name)) == ([name] if expected else [])


def test_what_no_host_has() -> None:
    for fleet in (Fleet(revision=7), Fleet.of([], 7), Fleet.of([host("h1")], 7)):
        assert not fleet.having(Facet.LABEL, ("zone", "mars"))
        assert not fleet.having(Facet.STATE, HostState.RETIRED)
        assert not fleet.number("nowhere")
        assert not fleet.stale
        assert "nowhere" not in fleet
        assert fleet.host("nowhere") is None
    assert not [*Fleet(revision=7), *Fleet(revision=7).identities(), *Fleet(revision=7).in_name_order(FrozenBitMap())]


# Order and pages. "Lists: documented stable order (by name)."


@given(some.fleets(), st.data())
def test_pages_put_together_are_the_sorted_names(fleet: Fleet, data: st.DataObject) -> None:
    subset = data.draw(st.sets(st.sampled_from(sorted(fleet.present)))) if len(fleet) else set[int]()
    hosts = FrozenBitMap(subset)
    limit = data.draw(st.integers(1, 4))
    collected: list[str] = []
    for _ in range(len(fleet) + 1):
        page = islice(fleet.in_name_order(hosts, collected[-1] if collected else ""), limit)
        collected += [each.name for each in page]
    assert collected == sorted(each.name for each in fleet if fleet.number(each.name) & hosts)


@given(some.fleets(), some.names | st.sampled_from(["", "~", "a.", "h1-", "no-host-has-this-name"]))
def test_after_any_name_come_the_names_above_it(fleet: Fleet, after: str) -> None:
    assert names(fleet, fleet.present, after) == sorted(each.name for each in fleet if each.name > after)


def test_names_are_in_order_of_their_characters() -> None:
    fleet = Fleet.of([host(name) for name in ("h2", "a.b", "h10", "a-b", "a", "0")], 1)
    assert names(fleet, fleet.present) == ["0", "a", "a-b", "a.b", "h10", "h2"]


# Staleness comes from whoever has the clock.


@given(some.fleets(), st.sets(some.names), st.sets(some.names))
def test_the_stale_are_those_last_named_and_nobody_else(fleet: Fleet, first: set[str], then: set[str]) -> None:
    again = fleet.with_stale(first).with_stale(then)
    assert names(again, again.stale) == sorted(name for name in then if name in fleet)
    assert again.present == fleet.present
    assert again.revision == fleet.revision


# "The same fleet with one host put in, at the same revision."


@given(some.fleets(), some.hosts)
def test_with_one_host_put_in(fleet: Fleet, arrived: FleetHost) -> None:
    found = fleet.with_host(arrived)
    assert found.host(arrived.name) == arrived
    assert found.revision == fleet.revision
    assert sorted(found) == sorted([*(each for each in fleet if each.name != arrived.name), arrived])


def test_putting_in_what_is_there_changes_nothing() -> None:
    fleet = Fleet.of([host("h1"), host("h2", V1)], 3).with_stale(["h2"])
    assert fleet.with_host(host("h2", V1)) is fleet


# "A question about one host need not cost what one about the fleet does": what is asked of it alone has one answer.


@given(some.fleets(min_size=1), some.placements)
def test_a_host_alone(fleet: Fleet, placement: Placement) -> None:
    for each in fleet:
        alone = fleet.alone(each.name)
        assert list(alone) == [each]
        assert alone.revision == fleet.revision
        assert bool(alone.stale) == bool(fleet.stale & fleet.number(each.name))
        assert bool(alone.allowed(placement)) == bool(fleet.allowed(placement) & fleet.number(each.name))
    assert not list(fleet.alone("nowhere"))


def test_a_number_that_no_host_has() -> None:
    fleet = Fleet.of([host("h1"), host("h2")], 1)
    assert [fleet.numbered(number).name for number in fleet.present] == ["h1", "h2"]
    without = fleet.changed([], ["h1"], 2)
    with pytest.raises(LookupError):
        without.numbered(0)


def test_operators_on_a_fleet() -> None:
    fleet = Fleet.of(
        [host("a", labels={"zone": "a"}), host("b", labels={"zone": "b"}), host("none", labels={"rack": "a"})], 1
    )

    def asked(operator: Operator, *values: str) -> list[str]:
        placement = Placement(selector=Selector(match_expressions=(Requirement("zone", operator, values),)))
        return names(fleet, fleet.allowed(placement))

    assert asked(Operator.IN, "a") == ["a"]
    assert asked(Operator.IN) == []
    assert asked(Operator.NOT_IN, "a") == ["b", "none"]
    assert asked(Operator.NOT_IN) == ["a", "b", "none"]
    assert asked(Operator.EXISTS) == ["a", "b"]
    assert asked(Operator.DOES_NOT_EXIST) == ["none"]


@pytest.mark.parametrize("sets", [[], [[1], [2]], [[1, 2], [2, 3], []]])
def test_union(sets: list[list[int]]) -> None:
    assert set(union(FrozenBitMap(each) for each in sets)) == {number for each in sets for number in each}


# "What a pure function makes of this fleet and a placement, worked out once."


def test_what_is_derived_is_worked_out_once_for_a_fleet_and_a_placement() -> None:
    asked: list[tuple[int, Placement, int]] = []

    def work(fleet: Fleet, placement: Placement, more: int) -> list[int]:
        asked.append((fleet.revision, placement, more))
        return [more]

    fleet = Fleet.of([host("h1")], 1)
    here, elsewhere = Placement(include_hosts=("h1",)), Placement(include_hosts=("h2",))
    later = fleet.changed([host("h1", V1)], [], 2)
    for _ in range(2):
        assert fleet.derived(work, here, 1) == [1]
        assert fleet.derived(work, Placement(include_hosts=("h1",)), 2) == [2]
        assert fleet.derived(work, elsewhere, 1) == [1]
        assert later.derived(work, here, 1) == [1]
    assert fleet.with_stale(["h1"]).derived(work, here, 1) == [1]
    assert asked == [(1, here, 1), (1, here, 2), (1, elsewhere, 1), (2, here, 1)]


def test_what_is_derived_is_bounded() -> None:
    asked: list[int] = []

    def work(_: Fleet, __: Placement, number: int, size: int) -> range:
        asked.append(number)
        return range(size)

    fleet = Fleet.of([host("h1")], 1)
    for number in range(100):
        fleet.derived(work, Placement(), number, 3_000)
    fleet.derived(work, Placement(), 99, 3_000)
    assert asked == list(range(100))
    fleet.derived(work, Placement(), 0, 3_000)
    assert asked[100:] == [0]
    for _ in range(2):
        assert len(fleet.derived(work, Placement(), 1_000, 5_000)) == 5_000
    assert asked[101:] == [1_000, 1_000]
    large = Placement(include_hosts=tuple(f"h{number}" for number in range(5_000)))
    for _ in range(2):
        fleet.derived(work, large, 2_000, 1)
    assert asked[103:] == [2_000, 2_000]
