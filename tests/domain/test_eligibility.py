"""Targets, rejections and verdicts: three answers to one question, and what would lift each reason."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.cpu.identity import CpuGroup, Identity
from app.domain.cpu.implementation import Implementation, differing_registers
from app.domain.fleet.capabilities import Capabilities
from app.domain.fleet.fleet import Fleet, FleetHost
from app.domain.fleet.host import HostState
from app.domain.fleet.placement import Placement, Selector
from app.domain.planning.eligibility import (
    EXAMPLES,
    RULES,
    Boarding,
    Move,
    reasons,
    refused,
    rejections,
    targets,
)
from app.domain.planning.plan import Mode, ModeReason, Plan
from app.domain.planning.reasons import LASTING, Reason, ReasonCode, Unlisted, Unmet, Unread, Weakening
from tests.domain import outcomes, samples
from tests.domain import strategies as some
from tests.domain.samples import (
    A55,
    A76,
    ABLE,
    KUNPENG,
    N1,
    N1_AIDR,
    N1_REVIDR,
    N3,
    REFERENCE,
    V1,
    host,
    identity,
    move,
    plan,
    unread,
)


def unlisted(reason: Reason) -> list[Unlisted]:
    return [each for each in reason.differences if isinstance(each, Unlisted)]


class Question(NamedTuple):
    fleet: Fleet
    move: Move


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """A VM that was booted once, in a fleet that has changed since; its placement may have changed, too."""
    situation = draw(some.plannable())
    sealed = outcomes.planned(situation)
    change = draw(some.changes())
    fleet = situation.fleet.changed(change.put, change.deleted, sealed.fleet_revision + 1)
    placement = draw(st.just(situation.order.placement) | some.placements)
    return Question(fleet, Move(placement, REFERENCE, sealed, draw(st.just(sealed.host) | some.names)))


def codes(fleet: Fleet, each: FleetHost, question: Move) -> list[ReasonCode]:
    return [reason.code for reason in reasons(fleet, each, question)]


# Laws.


@given(questions())
def test_targets_are_the_hosts_against_which_there_is_no_reason(question: Question) -> None:
    fleet, asked = question
    found = [each.name for each in fleet.in_name_order(targets(fleet, asked))]
    assert found == sorted(each.name for each in fleet if not reasons(fleet, each, asked))


# The API: "a host with several reasons counts under each; total counts rejected hosts once".
@given(questions())
def test_rejections_count_the_reasons_of_all_hosts(question: Question) -> None:
    fleet, asked = question
    against = {each.name: codes(fleet, each, asked) for each in fleet}
    counted = Counter(code for found in against.values() for code in found)
    answered = list(rejections(fleet, asked))
    assert {each.code: each.hosts for each in answered} == counted
    for each in answered:
        assert list(each.examples) == sorted(name for name, found in against.items() if each.code in found)[:EXAMPLES]
    assert len(refused(fleet, asked)) == sum(bool(found) for found in against.values())


# Rule 9: "all its reasons, each a stable code with the register values that differ and a remedy".
@given(questions())
def test_reasons_are_complete_sentences_in_order_of_their_codes(question: Question) -> None:
    fleet, asked = question
    in_order = list(ReasonCode)
    for each in fleet:
        found = reasons(fleet, each, asked)
        positions = [in_order.index(reason.code) for reason in found]
        assert positions == sorted(set(positions))
        assert all(each.name in reason.detail for reason in found)
        assert all(len(reason.remedy) > len("nothing") for reason in found)
        assert all(bool(unlisted(reason)) == (reason.code == "implementation_not_listed") for reason in found)


@given(questions())
def test_unlisted_implementations_stand_beside_the_nearest_listed_one(question: Question) -> None:
    fleet, asked = question
    listed = asked.plan.list.members
    for each in fleet:
        named = [entry for reason in reasons(fleet, each, asked) for entry in unlisted(reason)]
        known = [reported.known for reported in each.identity.reported if reported.known]
        assert [entry.implementation for entry in named] == [found for found in known if found not in listed]
        for entry in named:
            assert entry.nearest_listed in listed
            assert entry.differing_registers == differing_registers(entry.implementation, entry.nearest_listed) != ()


@given(questions())
def test_arrival_asks_for_identity_and_abilities_only(question: Question) -> None:
    """The API, verify: "a cordon or a changed placement does not matter any more"."""
    fleet, asked = question
    policy = {
        ReasonCode.IS_CURRENT_HOST,
        ReasonCode.HOST_NOT_ACTIVE,
        ReasonCode.PLACEMENT_MISMATCH,
        ReasonCode.INVENTORY_STALE,
    }
    for each in fleet:
        fit = [reason.code for reason in reasons(fleet, each, asked.on_arrival())]
        assert fit == [code for code in codes(fleet, each, asked) if code not in policy]


# Rule 8 at its core, and rule 10: no target has an implementation that the guest was not told of.
@given(questions())
def test_no_target_has_a_cpu_that_is_not_listed(question: Question) -> None:
    fleet, asked = question
    for each in fleet.in_name_order(targets(fleet, asked)):
        assert all(group.reported.known in asked.plan.list.members for group in each.identity.groups)


# What lifts each reason. Taking away all of them makes a target of any host.

Mend = Callable[[Fleet, FleetHost, Move], tuple[Fleet, Move]]


def _with_identity(fleet: Fleet, each: FleetHost, found: Identity) -> Fleet:
    return fleet.with_host(each._replace(profile=replace(each.profile, identity=found)))


def _read_all(each: FleetHost) -> Identity:
    """The same CPUs, with every AIDR read, as 0."""
    groups = each.identity.groups
    known = (group.reported._replace(aidr=0) if group.reported.aidr is None else group.reported for group in groups)
    return Identity(tuple(CpuGroup(group.cpus, found) for group, found in zip(groups, known, strict=True)))


def _replaced_by_listed(fleet: Fleet, each: FleetHost, asked: Move) -> tuple[Fleet, Move]:
    return _with_identity(fleet, each, samples.uniform(asked.plan.list.vcpu_identity)), asked


def _able(fleet: Fleet, each: FleetHost, ability: str) -> Fleet:
    able = replace(each.capabilities, **{ability: True})
    return fleet.with_host(each._replace(profile=replace(each.profile, capabilities=able)))


MENDS: Final[dict[ReasonCode, Mend]] = {
    ReasonCode.IS_CURRENT_HOST: lambda fleet, _, asked: (fleet, replace(asked, current_host="elsewhere")),
    ReasonCode.HOST_NOT_ACTIVE: lambda fleet, each, asked: (
        fleet.with_host(each._replace(state=HostState.ACTIVE)),
        asked,
    ),
    ReasonCode.PLACEMENT_MISMATCH: lambda fleet, _, asked: (
        fleet,
        replace(asked, placement=Placement(accept_hazards=asked.placement.accept_hazards)),
    ),
    ReasonCode.IDENTITY_INCOMPLETE: lambda fleet, each, asked: (_with_identity(fleet, each, _read_all(each)), asked),
    ReasonCode.INVENTORY_STALE: lambda fleet, each, asked: (
        fleet.with_stale(other.name for other in fleet.in_name_order(fleet.stale) if other.name != each.name),
        asked,
    ),
    ReasonCode.IMPLEMENTATION_NOT_LISTED: _replaced_by_listed,
    ReasonCode.LACKS_WRITABLE_ID_REGISTERS: lambda fleet, each, asked: (
        _able(fleet, each, "writable_id_registers"),
        asked,
    ),
    ReasonCode.LACKS_DISCOVERY_HYPERCALLS: lambda fleet, each, asked: (
        _able(fleet, each, "discovery_hypercalls"),
        asked,
    ),
    ReasonCode.GUEST_CANNOT_DISCOVER: _replaced_by_listed,
    ReasonCode.WOULD_WEAKEN_GUEST: _replaced_by_listed,
}
ABOUT_REGISTERS: Final = {
    ReasonCode.IDENTITY_INCOMPLETE,
    ReasonCode.IMPLEMENTATION_NOT_LISTED,
    ReasonCode.GUEST_CANNOT_DISCOVER,
    ReasonCode.WOULD_WEAKEN_GUEST,
}


def test_every_reason_against_a_move_can_be_lifted() -> None:
    assert set(MENDS) == {rule.code for rule in RULES}


@given(questions(), st.data())
def test_lifting_one_reason_leaves_the_others(question: Question, data: st.DataObject) -> None:
    fleet, asked = question
    refusals = {each.name: found for each in fleet if (found := codes(fleet, each, asked))}
    assume(refusals)
    name = data.draw(st.sampled_from(sorted(refusals)))
    code = data.draw(st.sampled_from(refusals[name]))
    each = fleet.host(name)
    assert each
    mended, asked = MENDS[code](fleet, each, asked)
    again = mended.host(name)
    assert again
    left = set(codes(mended, again, asked))
    assert code not in left
    assert left - ABOUT_REGISTERS == set(refusals[name]) - {code} - ABOUT_REGISTERS
    if code not in ABOUT_REGISTERS:
        assert left == set(refusals[name]) - {code}


@given(questions(), st.data())
def test_lifting_every_reason_makes_a_target(question: Question, data: st.DataObject) -> None:
    fleet, asked = question
    assume(len(fleet))
    name = data.draw(st.sampled_from([each.name for each in fleet.in_name_order(fleet.present)]))
    for _ in ReasonCode:
        each = fleet.host(name)
        assert each
        if not (found := codes(fleet, each, asked)):
            break
        assert not fleet.number(name) & targets(fleet, asked)
        fleet, asked = MENDS[found[0]](fleet, each, asked)
    assert fleet.number(name) <= targets(fleet, asked)


# Single cases.


def verdict(
    each: FleetHost, sealed: Plan, current: str = "h1", placement: Placement = samples.ANYWHERE
) -> list[ReasonCode]:
    return codes(Fleet.of([host("h1"), each], 2), each, move(sealed, current, placement))


HOMOGENEOUS: Final = plan(N1, mode=Mode.HOMOGENEOUS, mode_reasons=(ModeReason.LACKS_WRITABLE_ID_REGISTERS,))
FOR_BLIND: Final = plan(N1, mode=Mode.HOMOGENEOUS, mode_reasons=(ModeReason.GUEST_CANNOT_DISCOVER,))


MIXED: Final = identity(("0", N1), ("1", V1))
HALF_READ: Final = identity(("0", unread(N1)), ("1", V1))
LACKS_BOTH: Final = ["lacks_writable_id_registers", "lacks_discovery_hypercalls"]


@pytest.mark.parametrize(
    ("each", "sealed", "against"),
    [
        (host("h2"), plan(N1), []),
        (host("h2", V1), plan(N1, V1), []),
        (host("h2", V1), plan(N1), ["implementation_not_listed"]),
        (host("h2", N1_REVIDR), plan(N1), ["implementation_not_listed"]),
        (host("h2", N1_AIDR), plan(N1), ["implementation_not_listed"]),
        # all of a host's implementations, not some
        (host("h2", MIXED), plan(N1), ["implementation_not_listed"]),
        (host("h2", MIXED), plan(V1, N1), []),
        # also where the VM was pinned
        (host("h2", identity(("0", A55), ("1", A76))), plan(A55, cpus=samples.order("h1", cpus="0").cpus),
         ["implementation_not_listed", "would_weaken_guest"]),
        # an unread register is not 0, and what is fully known beside it is judged too
        (host("h2", unread(N1)), plan(N1), ["identity_incomplete"]),
        (host("h2", HALF_READ), plan(N1), ["identity_incomplete", "implementation_not_listed"]),
        # both abilities, each by itself; unknown counts as no
        (host("h2", capabilities=Capabilities()), plan(N1), LACKS_BOTH),
        (host("h2", capabilities=Capabilities(writable_id_registers=True)), plan(N1), ["lacks_discovery_hypercalls"]),
        (host("h2", capabilities=Capabilities(False, True)), plan(N1), ["lacks_writable_id_registers"]),
        # a homogeneous guest asks for neither
        (host("h2", capabilities=Capabilities()), HOMOGENEOUS, []),
        (host("h2", V1, capabilities=Capabilities()), HOMOGENEOUS, ["implementation_not_listed"]),
        (host("h2", V1), FOR_BLIND, ["implementation_not_listed", "guest_cannot_discover"]),
        (host("h2"), FOR_BLIND, []),
        # left out by rule 12, and beside what was
        (host("h2", N3), plan(N1), ["implementation_not_listed", "would_weaken_guest"]),
        (host("h2", N3), plan(N3, N1), []),
        (host("h2", N3), HOMOGENEOUS, ["implementation_not_listed"]),
        (host("h2", KUNPENG), plan(A55, A76), ["implementation_not_listed", "would_weaken_guest"]),
        # the states
        *((host("h2", state=state), plan(N1), ["host_not_active"]) for state in HostState if state != "active"),
    ],
)  # fmt: skip
def test_verdicts(each: FleetHost, sealed: Plan, against: list[str]) -> None:
    assert verdict(each, sealed) == against


def test_the_current_host_and_the_placement() -> None:
    assert verdict(host("h2"), plan(N1), current="h2") == [ReasonCode.IS_CURRENT_HOST]
    assert verdict(host("h2"), plan(N1), placement=Placement(exclude_hosts=("h2",))) == [ReasonCode.PLACEMENT_MISMATCH]
    assert verdict(host("h2"), plan(N1), placement=Placement(selector=Selector({"zone": "a"}))) == [
        ReasonCode.PLACEMENT_MISMATCH
    ]


def test_an_accepted_hazard_does_not_list_a_host_after_the_fact() -> None:
    accepts = Placement(accept_hazards=("ARM64_HAS_BBML3",))
    assert verdict(host("h2", N3), plan(N1), placement=accepts) == [ReasonCode.IMPLEMENTATION_NOT_LISTED]


def test_a_stale_host_is_no_target() -> None:
    fleet = Fleet.of([host("h1"), host("h2"), host("h3")], 2).with_stale(["h3"])
    assert [each.name for each in fleet.in_name_order(targets(fleet, move(plan(N1))))] == ["h2"]
    stale = fleet.host("h3")
    assert stale
    assert codes(fleet, stale, move(plan(N1))) == [ReasonCode.INVENTORY_STALE]


def test_examples_are_the_first_five_names() -> None:
    fleet = Fleet.of([host(f"h{number}", V1) for number in range(12)], 1)
    found = {each.code: each for each in rejections(fleet, move(plan(N1), "h3"))}
    assert found[ReasonCode.IMPLEMENTATION_NOT_LISTED].hosts == 12
    assert found[ReasonCode.IMPLEMENTATION_NOT_LISTED].examples == ("h0", "h1", "h10", "h11", "h2")
    assert found[ReasonCode.IS_CURRENT_HOST].examples == ("h3",)


def test_a_vm_whose_host_is_gone_may_still_move() -> None:
    fleet = Fleet.of([host("h2")], 2)
    assert targets(fleet, move(plan(N1), current_host="h1")) == fleet.present
    assert list(rejections(fleet, move(plan(N1), current_host="h1"))) == []


# Rule 8 is about a running VM, boarding about any VM.
def test_boarding_asks_nothing_of_any_list() -> None:
    each = host("h1", KUNPENG, capabilities=Capabilities())
    fleet = Fleet.of([each], 1)
    assert reasons(fleet, each, Boarding(samples.ANYWHERE, REFERENCE)) == ()
    assert not refused(fleet, Boarding(samples.ANYWHERE, REFERENCE))


@pytest.mark.parametrize("code", ReasonCode)
def test_what_lasts_for_the_life_of_a_boot(code: ReasonCode) -> None:
    """Waiting does not help where the list itself is why; else it may."""
    about_the_list = {"implementation_not_listed", "guest_cannot_discover", "would_weaken_guest"}
    assert (code in LASTING) == (code.value in about_the_list)


def test_reasons_say_whether_they_last() -> None:
    each = host("h2", V1, HostState.CORDONED, capabilities=ABLE)
    found = reasons(Fleet.of([each], 1), each, move(plan(N1)))
    assert [(reason.code.value, reason.lasting) for reason in found] == [
        ("host_not_active", False),
        ("implementation_not_listed", True),
    ]


def test_the_nearest_listed_one_is_named() -> None:
    each = host("h2", identity(("0", N1_REVIDR), ("1", Implementation(0x481FD011, 0, 0x551))))
    reason, *_ = reasons(Fleet.of([each], 1), each, move(plan(V1, N1, KUNPENG)))
    assert [(entry.nearest_listed, entry.differing_registers) for entry in unlisted(reason)] == [
        (N1, ("revidr",)),
        (KUNPENG, ("midr",)),
    ]
    assert unlisted(reason)[0].implementation == N1_REVIDR


@given(questions())
def test_differences_are_of_the_kind_that_the_code_promises(question: Question) -> None:
    kinds = {
        ReasonCode.IMPLEMENTATION_NOT_LISTED: Unlisted,
        ReasonCode.IDENTITY_INCOMPLETE: Unread,
        ReasonCode.PLACEMENT_MISMATCH: Unmet,
        ReasonCode.WOULD_WEAKEN_GUEST: Weakening,
    }
    fleet, asked = question
    for each in fleet:
        for reason in reasons(fleet, each, asked):
            assert {type(difference) for difference in reason.differences} <= {kinds.get(reason.code)}
