"""The planner against the oracle: the same rules, written twice by different means, on random fleets."""

from collections import Counter

from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from app.domain.fleet.fleet import Fleet
from app.domain.fleet.placement import Placement
from app.domain.planning.composition import universe
from app.domain.planning.eligibility import Move, reasons, rejections, targets
from tests.domain import oracle, outcomes
from tests.domain import strategies as some
from tests.domain.strategies import Situation


def kind_of(expected: oracle.Outcome) -> str:
    if expected.no_such_cpus:
        return "no such CPUs"
    if expected.refused:
        return "refused"
    if expected.too_many:
        return "too many"
    return f"{expected.mode}, {'some' if expected.left_out else 'none'} left out"


# Rules 3, 5, 6, 11 and 12.
@settings(max_examples=500)
@given(some.situations() | some.plannable())
def test_a_boot_comes_to_what_the_rules_say(situation: Situation) -> None:
    fleet, order = situation.fleet, situation.order
    stale = {each.name for each in fleet.in_name_order(fleet.stale)}
    expected = oracle.boot(list(fleet), stale, order)
    event(kind_of(expected))
    note(str(situation))
    assert outcomes.outcome(fleet, order) == expected


# Rule 3.
@given(some.fleets(), some.placements)
def test_the_universe(fleet: Fleet, placement: Placement) -> None:
    expected = sorted(
        each.name
        for each in fleet
        if each.state.value != "retired" and oracle.allows(placement, each) and oracle.complete(each)
    )
    assert [each.name for each in fleet.in_name_order(universe(fleet, placement))] == expected


# Rules 8, 9 and 12. The fleet, the placement and the VM's host may all have changed since the boot.
@settings(max_examples=300)
@given(some.plannable(), some.changes(), st.data())
def test_a_move_comes_to_what_the_rules_say(situation: Situation, change: some.Change, data: st.DataObject) -> None:
    order = situation.order
    plan = outcomes.planned(situation)
    fleet = situation.fleet.changed(change.put, change.deleted, situation.fleet.revision + 1)
    fleet = fleet.with_stale(data.draw(st.sets(some.names, max_size=2)))
    current = data.draw(st.just(order.host) | some.names)
    move = Move(order.placement, order.reference, plan, current)

    stale = {each.name for each in fleet.in_name_order(fleet.stale)}
    sealed = outcomes.sealed(plan)
    expected = {each.name: oracle.against_move(each, stale, order.placement, sealed, current) for each in fleet}

    found = {each.name: {reason.code.value for reason in reasons(fleet, each, move)} for each in fleet}
    assert found == expected
    allowed = [each.name for each in fleet.in_name_order(targets(fleet, move))]
    assert allowed == sorted(name for name, codes in expected.items() if not codes)
    counts = Counter(code for codes in expected.values() for code in codes)
    assert {each.code.value: each.hosts for each in rejections(fleet, move)} == counts
