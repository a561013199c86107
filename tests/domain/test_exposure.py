"""Rule 10: a running VM whose host's CPUs are not all known and listed is exposed at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cpu.cpulist import CpuList, parse_cpulist
from app.domain.cpu.identity import Identity
from app.domain.cpu.implementation import Implementation
from app.domain.fleet.fleet import Fleet, FleetHost
from app.domain.planning.eligibility import reasons
from app.domain.planning.implementation_list import ImplementationList
from app.domain.planning.reasons import ReasonCode
from app.domain.vms.exposure import covers
from tests.domain import oracle
from tests.domain import strategies as some
from tests.domain.outcomes import planned
from tests.domain.samples import A55, A76, N1, N1_AIDR, N1_REVIDR, V1, host, identity, move, uniform, unread
from tests.domain.samples import plan as sealed_plan
from tests.domain.strategies import Situation

PHONE = identity(("0-3", A55), ("4-7", A76))
HALF_READ = identity(("0-3", A55), ("4-7", unread(A76)))


@pytest.mark.parametrize(
    ("listed", "found", "covered"),
    [
        ((N1,), uniform(N1), True),
        ((V1, N1), uniform(N1), True),
        ((N1, V1), identity(("0", N1), ("1", V1)), True),
        ((N1,), identity(("0", N1), ("1", V1)), False),
        # "its registers changed"
        ((N1,), uniform(N1_REVIDR), False),
        ((N1,), uniform(N1_AIDR), False),
        # "an AIDR became unknown"
        ((N1,), uniform(unread(N1)), False),
        ((A55, A76), HALF_READ, False),
    ],
)
def test_on_a_host(listed: tuple[Implementation, ...], found: Identity, covered: bool) -> None:
    for moved in (False, True):
        assert covers(ImplementationList(listed), None, found, moved=moved) is covered


# Of a pinned VM that has not moved, those CPUs count that it is pinned to.
@pytest.mark.parametrize(
    ("pinned", "found", "covered"),
    [
        ("0-3", PHONE, True),
        ("1", PHONE, True),
        ("3-4", PHONE, False),
        ("4-7", PHONE, False),
        # what is not known elsewhere on the host does not matter to it
        ("0-3", HALF_READ, True),
        ("0-4", HALF_READ, False),
        # its CPUs changed
        ("0-3", identity(("0-2", A55), ("3-7", A76)), False),
        ("0-3", identity(("0-7", A55)), True),
        # a CPU of its is gone
        ("0-3", identity(("0-2", A55), ("4-7", A76)), False),
        # a host that does not number its CPUs has all of them
        ("0-3", uniform(A55), True),
        ("0-3", uniform(A76), False),
    ],
)
def test_pinned_since_its_boot(pinned: str, found: Identity, covered: bool) -> None:
    assert covers(ImplementationList((A55,)), parse_cpulist(pinned), found, moved=False) is covered


def test_pinned_and_moved_it_meets_every_cpu() -> None:
    sealed, pinned = ImplementationList((A55,)), parse_cpulist("0-3")
    assert not covers(sealed, pinned, PHONE, moved=True)
    assert covers(sealed, pinned, identity(("4-7", A55)), moved=True)


@given(st.lists(some.implementations, min_size=1), st.none() | some.cpulists, some.identities, st.booleans())
def test_cpu_by_cpu(
    listed: list[Implementation],
    pinned: CpuList | None,
    found: Identity,
    moved: bool,
) -> None:
    each = host("h1", found)
    met = None if moved else pinned
    expected = (met is None or oracle.has_cpus(each, met)) and all(
        triple in listed for triple in oracle.by_cpu(each, met)
    )
    assert covers(ImplementationList(tuple(listed)), pinned, found, moved=moved) is expected


# Who has moved may be scheduled anywhere on the host: a pin of before hides nothing from it.
@given(st.lists(some.implementations, min_size=1), some.cpulists, some.identities)
def test_a_pin_counts_for_nothing_after_a_move(listed: list[Implementation], pinned: CpuList, found: Identity) -> None:
    sealed = ImplementationList(tuple(listed))
    assert covers(sealed, pinned, found, moved=True) is covers(sealed, None, found, moved=False)
    assert covers(sealed, pinned, found, moved=True) is (found.complete and found.known <= sealed.members)


# What a boot seals covers the boot host, and a target covers too: exposed is only who met a change.
@given(some.plannable())
def test_no_boot_is_exposed_from_the_start(situation: Situation) -> None:
    plan, boot_host = planned(situation), situation.fleet.host(situation.order.host)
    assert boot_host
    assert covers(plan.list, plan.cpus, boot_host.identity, moved=False)


@given(some.plannable(), some.hosts)
def test_who_fits_at_arrival_is_covered_there(situation: Situation, each: FleetHost) -> None:
    plan = planned(situation)
    fleet = Fleet.of([each], 1)
    found = {reason.code for reason in reasons(fleet, each, move(plan).on_arrival())}
    about_registers = found & {ReasonCode.IDENTITY_INCOMPLETE, ReasonCode.IMPLEMENTATION_NOT_LISTED}
    assert covers(plan.list, plan.cpus, each.identity, moved=True) is not bool(about_registers)


def test_an_adopted_vm_can_be_exposed_from_the_start() -> None:
    assert not covers(sealed_plan(N1).list, None, uniform(V1), moved=False)
