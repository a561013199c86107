"""Laws of composed lists on random fleets, and what each boot is refused for."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.cpu.implementation import Implementation
from app.domain.errors import HostNotFound, InvalidInput
from app.domain.fleet.capabilities import Capabilities
from app.domain.fleet.fleet import Fleet, FleetHost
from app.domain.fleet.host import HostState
from app.domain.fleet.placement import Placement, Selector
from app.domain.planning.composition import BootOrder, compose, universe
from app.domain.planning.eligibility import Move, targets
from app.domain.planning.guest import Guest
from app.domain.planning.plan import LeftOut, Mode, ModeReason, Plan
from app.domain.planning.reasons import ReasonCode
from app.domain.planning.refusals import BootRefused, TooManyImplementations
from tests.domain import strategies as some
from tests.domain.outcomes import composed, planned
from tests.domain.samples import (
    A55,
    A57,
    A76,
    A78,
    ALL_ONES,
    BLIND,
    HIGH_BITS,
    KUNPENG,
    N1,
    N1_AIDR,
    N1_REVIDR,
    N3,
    V1,
    V2,
    X1,
    host,
    identity,
    order,
    uniform,
    unread,
)
from tests.domain.strategies import Situation

PHONE = identity(("0-3", A55), ("4-7", A76))
LARGE_AND_LARGER = identity(("0-3", A78), ("4-7", X1))


def names(fleet: Fleet, plan: Plan, asked: BootOrder) -> set[str]:
    hosts = targets(fleet, Move(asked.placement, asked.reference, plan, asked.host))
    return {each.name for each in fleet.in_name_order(hosts)}


# Laws.


# Rule 5: first H's, by the lowest CPU that has each; then the others, ascending as unsigned numbers. No duplicates.
@given(some.plannable())
def test_the_order_of_a_list(situation: Situation) -> None:
    plan, asked = planned(situation), situation.order
    boot_host = situation.fleet.host(asked.host)
    assert boot_host
    own = tuple(each.known for each in boot_host.identity.on_cpus(asked.cpus))
    entries = plan.list.entries
    assert len(set(entries)) == len(entries)
    assert entries[: len(own)] == plan.own == own
    assert plan.list.vcpu_identity == own[0]
    assert list(entries[len(own) :]) == sorted(entries[len(own) :])


# Rule 5: "the same inventory, placement and host give the same bytes, whatever the database or insertion order".
@given(some.plannable(), st.data())
def test_a_list_is_a_function_of_the_set_of_hosts(situation: Situation, data: st.DataObject) -> None:
    plan = planned(situation)
    shuffled = Fleet.of(data.draw(st.permutations(list(situation.fleet))), plan.fleet_revision)
    assert compose(shuffled, situation.order) == plan


@given(some.plannable(), st.data())
def test_a_list_does_not_depend_on_how_the_fleet_came_about(situation: Situation, data: st.DataObject) -> None:
    """Hosts are numbered as they come; the answers must not know."""
    plan = planned(situation)
    grown = Fleet(revision=0).changed([host(name) for name in data.draw(st.lists(some.names, unique=True))], [], 0)
    for each in data.draw(st.permutations(list(situation.fleet))):
        grown = grown.changed([each], [], 0)
    surplus = [each.name for each in grown if each.name not in situation.fleet]
    again = compose(grown.changed([], surplus, plan.fleet_revision), situation.order)
    assert again == plan
    assert again.list.digest == plan.list.digest


@given(some.plannable())
def test_asked_twice_the_answer_is_the_same(situation: Situation) -> None:
    plan = planned(situation)
    assert compose(situation.fleet, situation.order) == plan


# Rule 6: homogeneous is "the one implementation of H and nothing else".
@given(some.plannable())
def test_a_homogeneous_list_has_exactly_one_entry(situation: Situation) -> None:
    plan = planned(situation)
    assert (plan.mode is Mode.HOMOGENEOUS) == bool(plan.mode_reasons)
    if plan.mode is Mode.HOMOGENEOUS:
        assert len(plan.list) == 1
        assert (plan.left_out, plan.accepted_hazards) == ((), ())


# Rule 8: every implementation of a target is on the sealed list, "also where the VM was pinned".
@given(some.plannable())
def test_a_list_has_every_implementation_of_every_target(situation: Situation) -> None:
    plan = planned(situation)
    for name in names(situation.fleet, plan, situation.order):
        target = situation.fleet.host(name)
        assert target
        assert target.identity.complete
        assert set(target.identity.reported) <= plan.list.members


# Rules 3 and 12: what the guest may meet in its life is listed, or left out by name.
@given(some.plannable())
def test_nothing_of_the_universe_is_forgotten(situation: Situation) -> None:
    plan = planned(situation)
    assume(plan.mode is Mode.DISCOVERABLE)
    hosts = situation.fleet.in_name_order(universe(situation.fleet, situation.order.placement))
    met = {known for each in hosts for known in each.identity.known}
    left_out = {each.implementation for each in plan.left_out}
    assert met <= plan.list.members | left_out
    assert plan.list.members.isdisjoint(left_out)
    assert plan.list.members | left_out <= met | set(plan.own)


# Adding a host never takes another from a VM's targets.
@given(some.plannable(), some.hosts)
def test_a_new_host_takes_no_target_away(situation: Situation, arrived: FleetHost) -> None:
    plan, asked = planned(situation), situation.order
    assume(arrived.name not in situation.fleet)
    larger = situation.fleet.changed([arrived], [], situation.fleet.revision + 1)
    after = composed(larger, asked)
    if after is None:
        with pytest.raises(TooManyImplementations):
            compose(larger, asked)
    else:
        before = names(situation.fleet, plan, asked)
        assert before <= names(larger, after, asked)
        assert before <= names(larger, plan, asked), "nor from the VM that runs already"


# Hosts with equal registers, labels, states and abilities are interchangeable.
@given(some.plannable(), st.data())
def test_a_twin_of_a_host_changes_no_list_and_shares_its_fate(situation: Situation, data: st.DataObject) -> None:
    plan, asked = planned(situation), situation.order
    model = data.draw(st.sampled_from(list(situation.fleet.in_name_order(situation.fleet.present))))
    fleet = situation.fleet.changed([model._replace(name="twin")], [], plan.fleet_revision)
    again = compose(fleet, asked)
    assert again.list == plan.list
    found = names(fleet.with_stale([]), again, asked)
    assert model.name == asked.host or (model.name in found) == ("twin" in found)


# Rule 11: "at most that many, never cut silently".
@given(some.plannable(), st.integers(1, 6))
def test_a_list_is_whole_or_refused(situation: Situation, limit: int) -> None:
    roomy = replace(situation.order, placement=replace(situation.order.placement, max_implementations=65_536))
    plan = planned(Situation(situation.fleet, roomy))
    tight = replace(roomy, placement=replace(roomy.placement, max_implementations=limit))
    if len(plan.list) <= limit:
        assert compose(situation.fleet, tight) == plan
    else:
        with pytest.raises(TooManyImplementations) as refusal:
            compose(situation.fleet, tight)
        assert (refusal.value.count, refusal.value.limit) == (len(plan.list), limit)
        assert {each.implementation for each in refusal.value.candidates} == plan.list.members - set(plan.own)
        assert len(refusal.value.candidates) >= len(plan.list) - limit or limit < len(plan.own)


# What a boot is refused for.


def refusal(fleet: Fleet, asked: BootOrder) -> list[ReasonCode]:
    with pytest.raises(BootRefused) as refused:
        compose(fleet, asked)
    assert refused.value.code == "boot_refused"
    for reason in refused.value.reasons:
        assert reason.detail in str(refused.value)
        assert reason.remedy
    return [reason.code for reason in refused.value.reasons]


@pytest.mark.parametrize("state", [state for state in HostState if state is not HostState.ACTIVE])
def test_only_an_active_host_boots_vms(state: HostState) -> None:
    assert refusal(Fleet.of([host("h1", state=state)], 1), order("h1")) == [ReasonCode.HOST_NOT_ACTIVE]


@pytest.mark.parametrize(
    ("each", "asked", "code"),
    [
        (host("h1"), order("h1", Placement(exclude_hosts=("h1",))), ReasonCode.PLACEMENT_MISMATCH),
        (host("h1"), order("h1", Placement(include_hosts=("h2",))), ReasonCode.PLACEMENT_MISMATCH),
        (host("h1"), order("h1", Placement(selector=Selector({"zone": "a"}))), ReasonCode.PLACEMENT_MISMATCH),
        (host("h1", unread(N1)), order("h1"), ReasonCode.IDENTITY_INCOMPLETE),
        (host("h1", LARGE_AND_LARGER), order("h1", guest=BLIND), ReasonCode.HETEROGENEOUS_HOST),
        (host("h1", LARGE_AND_LARGER, capabilities=Capabilities()), order("h1"), ReasonCode.HETEROGENEOUS_HOST),
        (host("h1", PHONE), order("h1"), ReasonCode.HAZARD_ON_BOOT_HOST),
        (host("h1", PHONE), order("h1", cpus="3-4"), ReasonCode.HAZARD_ON_BOOT_HOST),
    ],
)
def test_one_reason_alone(each: FleetHost, asked: BootOrder, code: ReasonCode) -> None:
    assert refusal(Fleet.of([each, host("h2")], 1), asked) == [code]


def test_a_stale_host_boots_no_vms() -> None:
    fleet = Fleet.of([host("h1"), host("h2")], 1).with_stale(["h1"])
    assert refusal(fleet, order("h1")) == [ReasonCode.INVENTORY_STALE]
    assert compose(fleet, order("h2")).host == "h2"


# Rule 9: "all its reasons; checks never stop at the first failure".
def test_all_reasons_at_once() -> None:
    mixed = identity(("0-1", A55), ("2-3", A76), ("4", unread(N1)))
    fleet = Fleet.of([host("h1", mixed, HostState.CORDONED, {"zone": "b"})], 1).with_stale(["h1"])
    assert refusal(fleet, order("h1", Placement(selector=Selector({"zone": "a"})), BLIND)) == [
        ReasonCode.HOST_NOT_ACTIVE,
        ReasonCode.PLACEMENT_MISMATCH,
        ReasonCode.IDENTITY_INCOMPLETE,
        ReasonCode.INVENTORY_STALE,
        ReasonCode.HETEROGENEOUS_HOST,
        ReasonCode.HAZARD_ON_BOOT_HOST,
    ]


def test_a_host_that_is_not_there() -> None:
    with pytest.raises(HostNotFound) as refused:
        compose(Fleet.of([host("h1")], 1), order("h2"))
    assert (refused.value.name, refused.value.code) == ("h2", "host_not_found")


def test_cpus_that_the_host_does_not_have() -> None:
    with pytest.raises(InvalidInput) as refused:
        compose(Fleet.of([host("h1", PHONE)], 1), order("h1", cpus="2-3,7-9"))
    fault = refused.value.faults[0]
    assert (fault.pointer, fault.detail) == ("/cpus", "h1 has no CPUs 8-9")


# What a boot gets.


def listed(hosts: list[FleetHost], asked: BootOrder) -> list[Implementation]:
    return list(compose(Fleet.of(hosts, 1), asked).list)


# Rule 3: "hosts in any state but retired", "and hosts that cannot yet do what rule 4 asks".
@pytest.mark.parametrize("state", HostState)
@pytest.mark.parametrize("able", [Capabilities(), Capabilities(True, True)])
def test_the_universe_by_state(state: HostState, able: Capabilities) -> None:
    hosts = [host("h1"), host("h2", V1, state, capabilities=able)]
    assert listed(hosts, order("h1")) == ([N1] if state is HostState.RETIRED else [N1, V1])


def test_hosts_outside_the_placement_and_with_unknown_registers_are_not_met() -> None:
    hosts = [
        host("h1", labels={"zone": "a"}),
        host("h2", V1, labels={"zone": "b"}),
        host("h3", identity(("0", V2), ("1", unread(KUNPENG))), labels={"zone": "a"}),
        host("h4", KUNPENG, labels={"zone": "a"}),
    ]
    assert listed(hosts, order("h1", Placement(selector=Selector({"zone": "a"})))) == [N1]
    assert listed(hosts[:2], order("h1")) == [N1, V1]


def test_a_stale_host_is_still_met() -> None:
    fleet = Fleet.of([host("h1"), host("h2", V1)], 1).with_stale(["h2"])
    assert list(compose(fleet, order("h1")).list) == [N1, V1]


def test_numbers_are_unsigned_and_all_their_bits_count() -> None:
    hosts = [host("h1", V1), host("h2", N1_REVIDR), host("h3", N1), host("h4", N1_AIDR)]
    assert listed(hosts, order("h1")) == [V1, N1, N1_AIDR, N1_REVIDR]
    hosts = [host("h1", N1), host("h2", ALL_ONES), host("h3", HIGH_BITS), host("h4", V2)]
    assert listed(hosts, order("h1")) == [N1, V2, HIGH_BITS, ALL_ONES]


# Rule 5: pinned, "H's others are part of the universe".
def test_pinned_to_one_kind_of_cpus() -> None:
    hosts = [host("h1", LARGE_AND_LARGER), host("h2", N1)]
    assert listed(hosts, order("h1")) == [A78, X1, N1]
    assert listed(hosts, order("h1", cpus="4-5")) == [X1, A78, N1]
    assert listed(hosts, order("h1", cpus="3,7")) == [A78, X1, N1]
    plan = compose(Fleet.of(hosts, 1), order("h1", cpus="4-5"))
    assert (plan.own, str(plan.cpus)) == ((X1,), "4-5")


@pytest.mark.parametrize(
    ("guest", "able", "why"),
    [
        (Guest(discovers_implementations=False), (True, True), [ModeReason.GUEST_CANNOT_DISCOVER]),
        (Guest(discovers_implementations=True), (False, True), [ModeReason.LACKS_WRITABLE_ID_REGISTERS]),
        (Guest(discovers_implementations=True), (None, True), [ModeReason.LACKS_WRITABLE_ID_REGISTERS]),
        (Guest(discovers_implementations=True), (True, False), [ModeReason.LACKS_DISCOVERY_HYPERCALLS]),
        (Guest(discovers_implementations=True), (True, None), [ModeReason.LACKS_DISCOVERY_HYPERCALLS]),
        (Guest(discovers_implementations=False), (None, False), list(ModeReason)),
    ],
)
def test_why_a_boot_is_homogeneous(guest: Guest, able: tuple[bool | None, bool | None], why: list[ModeReason]) -> None:
    hosts = [host("h1", V1, capabilities=Capabilities(*able)), host("h2")]
    plan = compose(Fleet.of(hosts, 8), order("h1", guest=guest))
    assert (plan.mode, list(plan.mode_reasons)) == (Mode.HOMOGENEOUS, why)
    assert list(plan.list) == [V1]
    assert plan.fleet_revision == 8


def test_pinned_to_one_kind_a_boot_can_be_homogeneous() -> None:
    plan = compose(Fleet.of([host("h1", PHONE)], 1), order("h1", guest=BLIND, cpus="4-7"))
    assert (list(plan.list), plan.mode) == ([A76], Mode.HOMOGENEOUS)


# Rule 12: "the others are left out and named in left_out with the table that forbids them".
def test_what_would_weaken_the_guest_is_left_out_with_the_hosts_that_have_it() -> None:
    hosts = [host("h1"), host("h2", N3), host("h3", N3), host("h4", A57, HostState.PLANNED), host("h5", V2)]
    plan = compose(Fleet.of(hosts, 1), order("h1"))
    assert list(plan.list) == [N1, V2]
    assert plan.left_out == (
        LeftOut(N3, 2, ("ARM64_HAS_BBML3",)),
        LeftOut(A57, 1, ("ARM64_UNMAP_KERNEL_AT_EL0",)),
    )
    assert plan.accepted_hazards == ()


# Rule 12: "unless the placement accepts that hazard by name; an accepted hazard is shown in every later answer".
def test_an_accepted_hazard_is_listed_and_shown() -> None:
    accepts = Placement(accept_hazards=("ARM64_UNMAP_KERNEL_AT_EL0", "ARM64_HAS_BBML3", "ARM64_SPECTRE_BHB"))
    fleet = Fleet.of([host("h1"), host("h2", N3), host("h3", A57)], 1)
    plan = compose(fleet, order("h1", accepts))
    assert list(plan.list) == [N1, N3, A57]
    assert plan.left_out == ()
    assert plan.accepted_hazards == ("ARM64_HAS_BBML3", "ARM64_UNMAP_KERNEL_AT_EL0")


def test_big_little_boots_where_it_is_pinned_or_its_hazards_are_accepted() -> None:
    fleet = Fleet.of([host("h1", PHONE)], 1)
    little = compose(fleet, order("h1", cpus="0-3"))
    assert (list(little.list), [each.implementation for each in little.left_out]) == ([A55], [A76])
    hazards = ("ARM64_SPECTRE_BHB", "ARM64_SPECTRE_V2", "ARM64_SPECTRE_V4", "ARM64_UNMAP_KERNEL_AT_EL0")
    both = compose(fleet, order("h1", Placement(accept_hazards=hazards)))
    assert (list(both.list), both.accepted_hazards, both.left_out) == ([A55, A76], hazards, ())


# Rule 11: "the boot is refused with the numbers and what would have to be left out".
def test_too_many_names_the_rarest_first() -> None:
    hosts = [
        host("h1", uniform(N1)),
        *(host(f"v1-{number}", V1) for number in range(3)),
        host("v2", V2, HostState.PLANNED),
        *(host(f"k-{number}", KUNPENG) for number in range(2)),
    ]
    with pytest.raises(TooManyImplementations) as refused:
        compose(Fleet.of(hosts, 1), order("h1", Placement(max_implementations=2)))
    assert (refused.value.count, refused.value.limit) == (3, 2)
    assert [(each.implementation, each.hosts) for each in refused.value.candidates] == [(V2, 1), (V1, 3)]
    assert "the list would have 3 implementations and the placement allows 2" in str(refused.value)
