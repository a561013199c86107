"""The checker accepts what the planner makes, and catches every way in which a plan can be wrong."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import combinations
from typing import Final

import pytest
from hypothesis import event, given, note, settings
from hypothesis import strategies as st
from typing_extensions import override

from app.domain.cpu.cpulist import parse_cpulist
from app.domain.cpu.implementation import Implementation
from app.domain.fleet.fleet import Fleet, FleetHost
from app.domain.fleet.host import HostState
from app.domain.fleet.placement import Operator, Placement, Requirement, Selector
from app.domain.planning.checking import UnsoundPlan, check_arrival, check_plan
from app.domain.planning.composition import BootOrder, compose
from app.domain.planning.eligibility import Move, targets
from app.domain.planning.implementation_list import ImplementationList
from app.domain.planning.plan import LeftOut, Mode, ModeReason, Plan
from tests.domain import oracle, samples
from tests.domain import strategies as some
from tests.domain.outcomes import composed, planned
from tests.domain.samples import A55, A76, A78, BLIND, KUNPENG, N1, N1_REVIDR, N3, V1, V2, X1, host, identity, order
from tests.domain.samples import plan as sealed
from tests.domain.strategies import Situation

FOREIGN: Final = Implementation(0x42AF_1230, 9, 9)
"""On no host of any fleet here, and in no table."""

Entries = tuple[Implementation, ...]


def sound(fleet: Fleet, asked: BootOrder, plan: Plan) -> bool:
    try:
        check_plan(fleet, asked, plan)
    except UnsoundPlan:
        return False
    return True


def with_entries(plan: Plan, entries: Entries) -> Plan:
    return replace(plan, list=ImplementationList(entries))


# On random fleets.


@given(some.plannable() | some.situations())
def test_every_composed_plan_is_accepted(situation: Situation) -> None:
    check_plan(situation.fleet, situation.order, planned(situation))


def left_out(plan: Plan) -> set[Implementation]:
    return {each.implementation for each in plan.left_out}


def dropped(entries: Entries) -> list[Entries]:
    return [entries[:at] + entries[at + 1 :] for at in range(len(entries)) if len(entries) > 1]


def swapped(entries: Entries) -> list[Entries]:
    found = []
    for a, b in combinations(range(len(entries)), 2):
        changed = list(entries)
        changed[a], changed[b] = changed[b], changed[a]
        found.append(tuple(changed))
    return found


def doubled(entries: Entries) -> list[Entries]:
    return [(*entries[:at], each, *entries[at:]) for each in entries for at in range(len(entries) + 1)]


def joined_by_a_foreigner(entries: Entries) -> list[Entries]:
    return [(*entries[:at], FOREIGN, *entries[at:]) for at in range(len(entries) + 1)]


def altered(entries: Entries) -> list[Entries]:
    """One bit of one register of one entry is wrong."""
    return [
        (*entries[:at], each._replace(**{register: getattr(each, register) ^ 1 << bit}), *entries[at + 1 :])
        for at, each in enumerate(entries)
        for register in Implementation._fields
        for bit in (4, 40)
    ]


@pytest.mark.parametrize("spoil", [dropped, swapped, doubled, joined_by_a_foreigner, altered])
@given(situation=some.plannable())
def test_no_spoilt_list_is_accepted(spoil: Callable[[Entries], list[Entries]], situation: Situation) -> None:
    plan = planned(situation)
    for entries in spoil(plan.list.entries):
        assert not sound(situation.fleet, situation.order, with_entries(plan, entries)), entries


@given(some.plannable())
def test_no_list_above_the_limit_is_accepted(situation: Situation) -> None:
    plan, asked = planned(situation), situation.order
    limited = replace(asked, placement=replace(asked.placement, max_implementations=len(plan.list)))
    check_plan(situation.fleet, limited, plan)
    below = replace(asked, placement=replace(asked.placement, max_implementations=len(plan.list) - 1))
    assert not sound(situation.fleet, below, plan)


@given(some.plannable(), some.changes())
def test_a_plan_of_another_fleet_is_accepted_only_if_this_one_asks_for_the_same(
    situation: Situation, change: some.Change
) -> None:
    """What is sealed must fit the fleet at that moment, not one that was."""
    plan = planned(situation)
    changed = situation.fleet.changed(change.put, change.deleted, situation.fleet.revision)
    again = composed(changed, situation.order) if situation.order.host in changed else None
    if again is not None and again.mode is plan.mode:
        note(str(again))
        fits = (again.list, again.own, left_out(again)) == (plan.list, plan.own, left_out(plan))
        assert sound(changed, situation.order, plan) == fits


# Coverage, against the plain way: host by host.


def named_faults(fleet: Fleet, asked: BootOrder, plan: Plan) -> list[str]:
    try:
        check_plan(fleet, asked, plan)
    except UnsoundPlan as unsound:
        return str(unsound).split("; ")
    return []


@st.composite
def crowds(draw: st.DrawFn) -> Fleet:
    """Fleets in which many hosts agree in some facts and differ in others, some of them changed since."""
    kinds = draw(st.lists(some.kinds, min_size=1, max_size=3))
    mixtures = st.builds(
        lambda one, other, labelled: one._replace(state=other.state, labels=labelled.labels),
        *[st.sampled_from(kinds)] * 2,
        some.kinds | st.sampled_from(kinds),
    )
    names = draw(st.lists(some.names, min_size=1, unique=True))
    change = draw(st.just(some.Change((), ())) | some.changes(some.NAMES[1:]))
    fleet = Fleet.of([draw(mixtures)._replace(name=name) for name in {*names, some.NAMES[0]}], 1)
    return fleet.changed(change.put, change.deleted, 2)


@settings(max_examples=500)
@given(crowds(), some.placements | some.wide_placements, st.data())
def test_coverage_is_judged_as_host_by_host(fleet: Fleet, placement: Placement, data: st.DataObject) -> None:
    asked = order(some.NAMES[0], placement)
    universe = oracle.met(fleet, placement)
    event(f"{min(len(universe), 3)} implementations met")
    near = st.sampled_from(sorted({*some.POOL[:3], *(Implementation(*each) for each in universe)}))
    told = data.draw(st.just(sorted(Implementation(*each) for each in universe)) | st.lists(near, unique=True))
    beside = data.draw(st.just([]) | st.lists(near, unique=True))
    boots_on = fleet.host(asked.host)
    assert boots_on is not None
    own = boots_on.identity.known
    listed = {*own, *told} or {FOREIGN}
    left = tuple(LeftOut(each, 1, ("X",)) for each in beside)
    plan = replace(sealed(*listed), own=tuple(own), left_out=left)
    expected = oracle.coverage_faults(universe, set(own), set(listed), set(beside))
    found = named_faults(fleet, asked, plan)
    note(f"{found=} {expected=}")
    assert [each for each in found if "universe" in each or "both listed" in each] == expected


class Visited(Fleet):
    """A fleet that counts the visits to its hosts."""

    @override
    def numbered(self, number: int) -> FleetHost:
        self.__dict__["visits"] = self.visits + 1
        return super().numbered(number)

    @property
    def visits(self) -> int:
        return int(self.__dict__.get("visits", 0))


def selecting(key: str, operator: Operator, *values: str) -> Selector:
    return Selector(match_expressions=(Requirement(key, operator, values),))


@pytest.mark.parametrize(
    "selector",
    [
        Selector(),
        selecting("hostname", Operator.IN, "h0007", "h0077", "h0777"),
        selecting("hostname", Operator.NOT_IN, *(f"h{number:04}" for number in range(1, 1_000))),
        selecting("hostname", Operator.EXISTS),
        selecting("hostname", Operator.DOES_NOT_EXIST),
        selecting("zone", Operator.IN, "z0", "z1"),
        selecting("zone", Operator.NOT_IN, "z0", "z1"),
        selecting("gpu", Operator.EXISTS),
        selecting("gpu", Operator.DOES_NOT_EXIST),
    ],
    ids=lambda selector: str(*(f"{each.key} {each.operator}" for each in selector.requirements)) or "any",
)
def test_few_hosts_are_visited_however_many_there_are(selector: Selector) -> None:
    """Every host has a label of its own; there are four kinds of CPUs, three zones and two states."""
    fleet = Visited.of(
        [
            host(
                f"h{number:04}",
                (N1, V1, V2, A76)[number % 4],
                HostState.RETIRED if number % 5 == 4 else HostState.ACTIVE,
                {"hostname": f"h{number:04}", "zone": f"z{number % 3}"},
            )
            for number in range(2_000)
        ],
        1,
    )
    assert isinstance(fleet, Visited)
    missing = oracle.coverage_faults(oracle.met(fleet, Placement(selector=selector)), {N1}, {N1}, set())
    assert named_faults(fleet, order("h0000", Placement(selector=selector)), sealed(N1, at="h0000")) == missing
    assert fleet.visits <= len({N1, V1, V2, A76}) + 3


def test_hosts_are_asked_only_about_labels_that_they_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many conditions a placement has: 789 kB of them took seconds."""
    asked: list[str] = []
    holds = Requirement.holds

    def counted(condition: Requirement, labels: Mapping[str, str]) -> bool:
        asked.append(condition.key)
        return holds(condition, labels)

    elsewhere = (Requirement(f"key-{number}", Operator.DOES_NOT_EXIST) for number in range(500))
    not_there = (Requirement("rack", Operator.NOT_IN, (f"v{number}",)) for number in range(500))
    placement = Placement(selector=Selector(match_expressions=(*elsewhere, *not_there)), max_implementations=1_000)
    hosts = [host(f"h{number}", Implementation(0x413FD0C1, number, 0), labels={"rack": "r1"}) for number in range(100)]
    fleet = Fleet.of(hosts, 1)
    plan = compose(fleet, order("h0", placement))
    monkeypatch.setattr(Requirement, "holds", counted)
    check_plan(fleet, order("h0", placement), plan)
    assert asked.count("rack") <= len(hosts) + 1
    assert len(asked) <= 500 + len(hosts) + 1


# One case of each fault, with the words for it.

FLEET: Final = Fleet.of(
    [
        host("h1", identity(("0", A78), ("1", X1))),
        host("h2", N1),
        host("h3", V1, HostState.PLANNED),
        host("h4", V2, HostState.RETIRED),
        host("h5", N3),
    ],
    1,
)
ORDER: Final = order("h1")
PLAN: Final = compose(FLEET, ORDER)


def test_the_plan_that_is_spoilt_below() -> None:
    assert PLAN.list.entries == (A78, X1, V1, N1)
    assert [each.implementation for each in PLAN.left_out] == [N3]
    check_plan(FLEET, ORDER, PLAN)


@pytest.mark.parametrize(
    ("plan", "faults"),
    [
        (with_entries(PLAN, (A78, X1, V1, N1, N1)), ["an implementation is listed twice"]),
        (with_entries(PLAN, (X1, A78, V1, N1)), ["the list does not begin with the boot host's implementations"]),
        (with_entries(PLAN, (A78, X1, N1, V1)), ["the implementations of other hosts do not ascend"]),
        (with_entries(PLAN, (A78, X1, V1)), ["1 implementations of the universe are neither listed nor left out"]),
        (with_entries(PLAN, (A78, X1)), ["2 implementations of the universe are neither listed nor left out"]),
        (
            with_entries(PLAN, (A78, X1, V2, V1, N1)),
            ["1 listed implementations belong to no host of the universe"],
        ),
        (replace(PLAN, left_out=()), ["1 implementations of the universe are neither listed nor left out"]),
        (
            replace(PLAN, left_out=(*PLAN.left_out, LeftOut(N1, 1, ("ARM64_HAS_BBML3",)))),
            ["an implementation is both listed and left out"],
        ),
        (
            with_entries(PLAN, (A78, X1, V1, N3, N1)),
            ["the list weakens the guest: ARM64_HAS_BBML3", "an implementation is both listed and left out"],
        ),
        (
            with_entries(PLAN, (X1, X1, N1, V1)),
            [
                "an implementation is listed twice",
                "the list does not begin with the boot host's implementations",
                "the implementations of other hosts do not ascend",
                "1 implementations of the universe are neither listed nor left out",
            ],
        ),
    ],
)  # fmt: skip
def test_every_fault_is_named(plan: Plan, faults: list[str]) -> None:
    with pytest.raises(UnsoundPlan) as found:
        check_plan(FLEET, ORDER, plan)
    named = str(found.value).split("; ")
    assert [fault for fault in faults if fault in named] == faults


WRONG_BESIDE_THE_LIST: Final = {
    "what is left out is forbidden by no table": replace(
        with_entries(PLAN, (A78, X1, N1)), left_out=(*PLAN.left_out, LeftOut(V1, 1, ("ARM64_HAS_BBML3",)))
    ),
    "what is left out is on no host": replace(PLAN, left_out=(*PLAN.left_out, LeftOut(FOREIGN, 1, ("X",)))),
    "the wrong table forbids it": replace(PLAN, left_out=(LeftOut(N3, 1, ("ARM64_SPECTRE_V2",)),)),
    "a reason for another mode": replace(PLAN, mode_reasons=(ModeReason.GUEST_CANNOT_DISCOVER,)),
    "another host": replace(PLAN, host="h2"),
    "pinned, and that was not asked": replace(PLAN, cpus=parse_cpulist("0-1")),
    "own implementations of another host": replace(PLAN, own=(N1,)),
    "another fleet": replace(PLAN, fleet_revision=2),
    "a hazard accepted that is none": replace(PLAN, accepted_hazards=("ARM64_HAS_BBML3",)),
}


@pytest.mark.parametrize("plan", WRONG_BESIDE_THE_LIST.values(), ids=WRONG_BESIDE_THE_LIST.keys())
def test_what_stands_beside_the_list_is_checked_too(plan: Plan) -> None:
    assert not sound(FLEET, ORDER, plan)


# Rule 6: "never a silent downgrade", and never a list for a guest that does not read it.
@pytest.mark.parametrize(
    ("asked", "entries", "mode"),
    [
        (order("h2"), (N1,), Mode.HOMOGENEOUS),
        (order("h2", guest=BLIND), (N1, V1, A78, X1), Mode.DISCOVERABLE),
    ],
)
def test_the_mode_is_checked(asked: BootOrder, entries: Entries, mode: Mode) -> None:
    plan = compose(FLEET, asked)
    assert plan.mode is not mode
    assert not sound(FLEET, asked, replace(with_entries(plan, entries), mode=mode, left_out=PLAN.left_out))


def test_a_homogeneous_list_has_one_entry() -> None:
    asked = order("h2", guest=BLIND)
    plan = compose(FLEET, asked)
    check_plan(FLEET, asked, plan)
    with pytest.raises(UnsoundPlan, match="a homogeneous list has one entry"):
        check_plan(FLEET, asked, with_entries(plan, (N1, V1)))


def test_a_list_of_a_host_with_unknown_registers_is_not_accepted() -> None:
    fleet = Fleet.of([host("h1", samples.unread(N1))], 1)
    with pytest.raises(UnsoundPlan, match="does not begin with the boot host's implementations"):
        check_plan(fleet, order("h1"), sealed(N1))


def test_a_list_above_the_limit_is_not_accepted() -> None:
    with pytest.raises(UnsoundPlan, match="the list is longer than the placement allows"):
        check_plan(FLEET, order("h1", Placement(max_implementations=3)), PLAN)


def test_an_accepted_hazard_is_accepted_here_too() -> None:
    asked = order("h1", Placement(accept_hazards=("ARM64_HAS_BBML3",)))
    plan = compose(FLEET, asked)
    assert N3 in plan.list.members
    check_plan(FLEET, asked, plan)
    with pytest.raises(UnsoundPlan, match="the list weakens the guest: ARM64_HAS_BBML3"):
        check_plan(FLEET, ORDER, plan)


def test_a_host_that_is_not_there() -> None:
    with pytest.raises(UnsoundPlan, match="the host is not in the fleet"):
        check_plan(FLEET, order("h9"), PLAN)


@pytest.mark.parametrize(("cpus", "entries"), [("0", (A78, V1, X1, N1)), ("1", (X1, V1, A78, N1))])
def test_pinned(cpus: str, entries: Entries) -> None:
    asked = order("h1", cpus=cpus)
    plan = compose(FLEET, asked)
    assert plan.list.entries == entries
    check_plan(FLEET, asked, plan)
    assert not sound(FLEET, asked, with_entries(plan, PLAN.list.entries))


# Arrival (rule 10): every CPU of the host, whatever else is said of it.


@given(some.plannable(), some.hosts)
def test_arrival_is_refused_unless_every_cpu_is_known_and_listed(situation: Situation, each: FleetHost) -> None:
    plan = planned(situation)
    covered = all(group.reported.known in plan.list.members for group in each.identity.groups)
    if covered:
        check_arrival(plan, each)
    else:
        with pytest.raises(UnsoundPlan, match=re.escape(f"{each.name} has ")):
            check_arrival(plan, each)


@given(some.plannable())
def test_every_target_may_arrive(situation: Situation) -> None:
    plan, asked = planned(situation), situation.order
    question = Move(asked.placement, asked.reference, plan, asked.host)
    for each in situation.fleet.in_name_order(targets(situation.fleet, question)):
        check_arrival(plan, each)


@pytest.mark.parametrize(
    ("each", "admitted"),
    [
        (host("h2", N1), True),
        (host("h2", identity(("0", N1), ("1", V1))), True),
        (host("h2", identity(("0", N1), ("1", KUNPENG))), False),
        (host("h2", N1_REVIDR), False),
        (host("h2", samples.unread(N1)), False),
        (host("h2", identity(("0", N1), ("1", samples.unread(V1)))), False),
        (host("h2", identity(("0", A55), ("1", A76))), False),
    ],
)
def test_arrivals(each: FleetHost, admitted: bool) -> None:
    plan = sealed(N1, V1)
    if admitted:
        check_arrival(plan, each)
    else:
        with pytest.raises(UnsoundPlan, match=r"h2 has .*, and the list does not"):
            check_arrival(plan, each)
