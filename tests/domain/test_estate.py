"""The estate: VMs by kind, against asking for each."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.estate import Estate, RunningGroup, RunningKind, Sieve
from app.domain.fleet.capabilities import Capabilities
from app.domain.fleet.fleet import Fleet, FleetHost
from app.domain.fleet.placement import Placement, Selector
from app.domain.planning.composition import BootOrder, compose
from app.domain.planning.eligibility import Move, reasons
from app.domain.vms.conditions import Condition
from app.domain.vms.exposure import covers
from tests.domain.samples import (
    ABLE,
    AMPEREONE,
    BLIND,
    DISCOVERS,
    N1,
    N3,
    REFERENCE,
    UNHEARD_OF,
    V1,
    host,
    identity,
    plan,
    uniform,
    unread,
)

UNABLE: Final = Capabilities()
HOSTS: Final = (host("h1"), host("h2"), host("h3", V1), host("h4", N3), host("h5", AMPEREONE))
FLEET: Final = Fleet.of(HOSTS, 1)


class RunningVm(NamedTuple):
    kind: RunningKind
    host: FleetHost


kinds = st.builds(
    RunningKind,
    placement=st.sampled_from(
        [
            Placement(),
            Placement(selector=Selector({"zone": "x"})),
            Placement(include_hosts=("h1", "h3")),
            Placement(include_hosts=("h1",)),
            Placement(accept_hazards=("ARM64_HAS_BBML3",)),
        ]
    ),
    guest=st.sampled_from([DISCOVERS, BLIND]),
    plan=st.builds(
        replace,
        st.sampled_from([plan(N1), plan(N1, V1), plan(V1), plan(N3), plan(N1, V1, N3), plan(N1, V1, N3, AMPEREONE)]),
        accepted_hazards=st.sampled_from([(), ("ARM64_HAS_BBML3",)]),
    ),
    identity=st.sampled_from([uniform(N1), uniform(V1), identity(("0", N1), ("1", V1)), uniform(unread(N1))]),
    capabilities=st.sampled_from([ABLE, UNABLE]),
)
vms = st.builds(RunningVm, kinds, st.sampled_from(HOSTS))


def holds(condition: Condition, vm: RunningVm) -> bool:
    """The condition as it is told of one VM."""
    kind = vm.kind
    match condition:
        case Condition.EXPOSED:
            return not covers(kind.plan.list, kind.plan.cpus, kind.identity, moved=False)
        case Condition.WITHOUT_TARGET:
            move = Move(kind.placement, REFERENCE, kind.plan, vm.host.name)
            return all(reasons(FLEET, each, move) for each in HOSTS)
        case Condition.ACCEPTING_HAZARDS:
            return bool(kind.plan.accepted_hazards)
        case Condition.OUTDATED:
            return not set(listed_now(kind)) <= kind.plan.list.members


def listed_now(kind: RunningKind) -> Iterable[object]:
    """What a boot would list on a host like that of the VM, were the placement no hindrance."""
    if not kind.identity.complete:
        return ()
    own = [each.known for each in kind.identity.reported]
    found: list[object] = [*own]
    if kind.guest == DISCOVERS and kind.capabilities == ABLE:
        allowed = [each for each in HOSTS if kind.placement.allows(each.name, dict(each.labels))]
        for other in allowed:
            (implementation,) = other.identity.reported
            tables = {REFERENCE.tables.safe_in(each) for each in (*own, implementation.known) if each}
            mixed = {name for some in tables for name in some if not all(name in each for each in tables)}
            if not mixed - set(kind.placement.accept_hazards):
                found.append(implementation.known)
    return found


@given(st.lists(vms, max_size=12))
@pytest.mark.parametrize("condition", Condition)
def test_kinds_fare_as_each_of_their_vms(condition: Condition, running: list[RunningVm]) -> None:
    estate = Estate(FLEET, REFERENCE)
    for vm in running:
        assert bool(estate.hosts_where(condition, vm.kind) & FLEET.number(vm.host.name)) == holds(condition, vm)


@given(st.lists(vms, max_size=12))
def test_a_tally_counts_each_vm_for_which_a_condition_holds(running: list[RunningVm]) -> None:
    estate = Estate(FLEET, REFERENCE)
    counts, undecided = estate.tally(RunningGroup(vm.kind, 1) for vm in running)
    there = [RunningGroup(vm.kind, 1, vm.host.name) for vm in running if FLEET.number(vm.host.name) & undecided]
    counts += estate.tally_undecided(there)
    assert counts == Counter(condition for condition in Condition for vm in running if holds(condition, vm))


conditions = st.dictionaries(st.sampled_from(Condition), st.booleans(), min_size=1)


@given(st.lists(vms, max_size=12), conditions)
@example([], {Condition.EXPOSED: False, Condition.OUTDATED: True})
def test_a_sieve_passes_the_vms_that_a_filter_asks_for(running: list[RunningVm], wanted: dict[Condition, bool]) -> None:
    sieve = Sieve(Estate(FLEET, REFERENCE), wanted)
    sieve.learn((vm.kind, vm.kind) for vm in running)
    for vm in running:
        assert sieve.passes(vm.host.name, vm.kind) == all(holds(each, vm) == value for each, value in wanted.items())
    # Of a VM that is only defined, none holds.
    assert sieve.passes(None, None) == (not any(wanted.values()))


def test_vms_of_a_kind_that_cannot_be_read_pass_nothing() -> None:
    sieve = Sieve(Estate(FLEET, REFERENCE), {Condition.EXPOSED: False})
    sieve.learn([("unreadable", None)])
    assert not sieve.passes("h1", "unreadable")


def outdated(hosts: Sequence[FleetHost], kind: RunningKind) -> bool:
    return bool(Estate(Fleet.of(hosts, 1), REFERENCE).hosts_where(Condition.OUTDATED, kind))


def test_what_a_boot_composes_is_not_outdated_until_there_is_more_to_list() -> None:
    order = BootOrder(Placement(), REFERENCE, DISCOVERS, "h1")
    for listed in (plan(N1), compose(FLEET, order)):
        kind = RunningKind(
            placement=order.placement, guest=DISCOVERS, plan=listed, identity=uniform(N1), capabilities=ABLE
        )
        assert outdated(HOSTS, kind) == (listed == plan(N1))
        assert outdated([*HOSTS, host("new", UNHEARD_OF)], kind)
        # A host that has left takes nothing from the list.
        assert not outdated([host("h1")], kind)


def test_equal_placements_are_one_kind() -> None:
    one, other = (
        Placement(selector=Selector({"a": "1", "b": "2"})),
        Placement(selector=Selector({"b": "2", "a": "1"})),
    )
    assert one == other
    assert hash(one) == hash(other)
