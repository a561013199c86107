"""A changed fleet answers every question as one that is made anew of the same hosts."""

from itertools import product
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import FrozenBitMap

from app.domain.fleet.capabilities import CAPABILITIES, Capabilities
from app.domain.fleet.catalogue import implementations
from app.domain.fleet.fleet import Facet, Fleet, FleetHost
from app.domain.fleet.host import HostState
from app.domain.fleet.placement import Operator, Placement, Requirement, Selector
from app.domain.planning.eligibility import rejections, targets
from tests.domain import strategies as some
from tests.domain.samples import A55, A76, ABLE, KUNPENG, N1, V1, host, identity, move, plan, uniform, unread

_KINDS: Final = list(
    product(
        [uniform(N1), uniform(V1), identity(("0-3", A55), ("4-7", A76)), uniform(unread(N1)), uniform(KUNPENG)],
        [HostState.ACTIVE, *HostState],
        [{}, {"zone": "a"}, {"zone": "b", "rack": "r1"}],
        [ABLE, ABLE, Capabilities(), Capabilities(writable_id_registers=False, discovery_hypercalls=True)],
    )
)
Random(15).shuffle(_KINDS)
"""Combinations of all that decides, in an order without a pattern."""


def numbered(count: int, prefix: str = "n") -> list[FleetHost]:
    return [host(f"{prefix}{number:03}", *_KINDS[number % len(_KINDS)]) for number in range(count)]


PLACEMENTS: Final = (
    Placement(),
    Placement(selector=Selector({"zone": "a"})),
    Placement(selector=Selector(match_expressions=(Requirement("zone", Operator.NOT_IN, ("a",)),))),
    Placement(
        selector=Selector(match_expressions=(Requirement("rack", Operator.EXISTS),)), exclude_hosts=("n005", "h1")
    ),
    Placement(selector=Selector(match_expressions=(Requirement("rack", Operator.DOES_NOT_EXIST),))),
    Placement(include_hosts=("n001", "n007", "h10", "a.b", "gone")),
)
SEALED: Final = plan(N1, V1)
FACTS: Final = (
    *((Facet.STATE, state) for state in HostState),
    *((Facet.LABEL, label) for label in (("zone", "a"), ("zone", "b"), ("rack", "r1"), ("gpu", "a"))),
    *((Facet.LABEL_KEY, key) for key in ("zone", "rack", "gpu")),
    *((Facet.CAPABILITY, each) for each in product((each.name for each in CAPABILITIES), (True, False, None))),
)


def observed(fleet: Fleet) -> dict[str, object]:
    """All that can be asked of a fleet, with hosts by name: their numbers are nobody's business."""

    def named(hosts: FrozenBitMap, after: str = "") -> list[str]:
        return [each.name for each in fleet.in_name_order(hosts, after)]

    everyone = named(fleet.present)
    questions = [move(SEALED, "n003", placement) for placement in PLACEMENTS[:3]]
    return {
        "revision": fleet.revision,
        "length": len(fleet),
        "hosts": {name: fleet.host(name) for name in everyone},
        "iterated": sorted(fleet),
        "contained": [name for name in (*everyone, *some.NAMES, "gone") if name in fleet],
        "alone": [named(fleet.number(name)) for name in (*everyone, *some.NAMES, "gone")],
        "after": [named(fleet.present, after) for after in ("", *everyone[::5], *some.NAMES, "~")],
        "allowed": [named(fleet.allowed(placement)) for placement in PLACEMENTS],
        "having": [named(fleet.having(*fact)) for fact in FACTS],
        "identities": {each: named(hosts) for each, hosts in fleet.identities()},
        "implementations": implementations(fleet),
        "stale": named(fleet.stale),
        "rejections": [list(rejections(fleet, question)) for question in questions],
        "targets": [named(targets(fleet, question)) for question in questions],
    }


def anew(before: Fleet, change: some.Change, revision: int) -> Fleet:
    """What a change does, said plainly. Who is stale stays so while it is there."""
    inventory = {each.name: each for each in before if each.name not in change.deleted}
    stale = [each.name for each in before.in_name_order(before.stale) if each.name in inventory]
    inventory |= {each.name: each for each in change.put}
    return Fleet.of(inventory.values(), revision).with_stale(stale)


BASE: Final = Fleet.of(numbered(48), 0).with_stale(["n003", "n004", "n016"])
_TOUCHED: Final = (*some.NAMES, *(f"n{number:03}" for number in range(0, 48, 4)))


@settings(max_examples=60)
@given(st.lists(some.changes(_TOUCHED), min_size=1, max_size=5))
def test_any_sequence_of_changes(changes: list[some.Change]) -> None:
    fleet = model = BASE
    for revision, change in enumerate(changes, start=1):
        before = observed(fleet)
        changed, model = fleet.changed(change.put, change.deleted, revision), anew(model, change, revision)
        assert observed(changed) == observed(model)
        assert observed(fleet) == before, "a fleet never changes in place"
        fleet = changed


@settings(max_examples=60)
@given(some.fleets(), some.changes())
def test_any_fleet(fleet: Fleet, change: some.Change) -> None:
    changed = fleet.changed(change.put, change.deleted, fleet.revision + 1)
    assert observed(changed) == observed(anew(fleet, change, fleet.revision + 1))


def test_a_fleet_that_grows_and_shrinks_for_long() -> None:
    """Past the number of late arrivals at which hosts are renumbered, twice; some hosts come back under their name."""
    chance = Random(7)
    fleet = model = Fleet.of(numbered(64), 0).with_stale(["n001", "n002"])
    renumbered = 0
    for step in range(150):
        known = sorted(model)
        arrived = [each._replace(name=f"{chance.randrange(1000):03}-late") for each in chance.sample(known, 6)]
        gone = [each.name for each in chance.sample(known, 2)] if step % 3 else []
        change = some.Change([each for each in arrived if each.name not in gone], gone)
        ordered = fleet._ordered
        fleet, model = fleet.changed(change.put, change.deleted, step), anew(model, change, step)
        renumbered += fleet._ordered != ordered
        if step % 10 == 0 or fleet._ordered != ordered:
            assert observed(fleet) == observed(model)
    assert renumbered >= 2
    assert len(fleet._names) > fleet._ordered, "the last change left a tail, which was asked for too"


@pytest.mark.parametrize(
    "change",
    [
        some.Change(numbered(400, "late-"), []),
        some.Change(numbered(40), ["n044", "n045"]),
        some.Change([each._replace(state=HostState.RETIRED) for each in numbered(300)], []),
        some.Change([], [f"n{number:03}" for number in range(290)]),
        some.Change(numbered(10, "late-"), [f"n{number:03}" for number in range(300)]),
    ],
)
def test_a_great_change_at_once(change: some.Change) -> None:
    fleet = Fleet.of(numbered(300), 0).with_stale(["n003", "n295", "n299"])
    assert observed(fleet.changed(change.put, change.deleted, 1)) == observed(anew(fleet, change, 1))


def test_hosts_that_went_and_came_back() -> None:
    cordoned = host("n010", V1, HostState.CORDONED)
    away = BASE.changed([], ["n010", "n020"], 1)
    back = away.changed([cordoned], [], 2)
    assert observed(back) == observed(anew(BASE, some.Change([cordoned], ["n020"]), 2))
    gone_again = back.changed([], ["n010"], 3)
    assert observed(gone_again) == observed(anew(away, some.Change([], []), 3))


def test_no_change_but_a_revision() -> None:
    assert observed(BASE.changed([], ["never-there"], 9)) == observed(anew(BASE, some.Change([], []), 9))


def test_sets_of_an_earlier_revision_pass_over_hosts_that_are_gone() -> None:
    changed = BASE.changed([], ["n001"], 1)
    found = [each.name for each in changed.in_name_order(BASE.present)]
    assert found == [f"n{number:03}" for number in range(48) if number != 1]


# What is too old to be acted on stays so, whatever else changes: only whoever has the clock may say otherwise.
@pytest.mark.parametrize("size", [3, 48, 600])
def test_one_host_put_in_is_a_change_at_the_same_revision(size: int) -> None:
    fleet = Fleet.of(numbered(size), 4).with_stale(["n000", "n002", "n014"])
    new, other = host("n0005", KUNPENG), host("n000", V1, HostState.CORDONED, {"gpu": "a"})
    found = fleet.with_host(new).with_host(other)
    assert observed(found) == observed(anew(fleet, some.Change([new, other], []), 4))
    assert found.stale & found.number("n000")
