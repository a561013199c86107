from dataclasses import replace
from itertools import combinations, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cpu.implementation import Implementation
from app.domain.guest.effects import effects
from app.domain.planning.checking_hazards import hazards_on_list
from app.domain.planning.compatibility import Pooled
from app.domain.planning.hazards import (
    ForbiddenPair,
    Screening,
    forbidden_pairs,
    groups,
    hazards_of,
    screen,
    weakening,
)
from app.domain.planning.plan import LeftOut
from app.domain.reference.errata import ErrataTables, FixedRevision, Revision
from tests.domain import errata_strategies as some
from tests.domain.errata_data import KERNELS, TABLES
from tests.domain.guest_runs import CPUS

A53, A55, A57, A520 = CPUS["A53"], CPUS["A55"], CPUS["A57"], CPUS["A520"]
N1, N2, N3, V2 = CPUS["N1"], CPUS["N2"], CPUS["N3"], CPUS["V2"]

BBML3, BHB, V4 = "ARM64_HAS_BBML3", "ARM64_SPECTRE_BHB", "ARM64_SPECTRE_V4"
KPTI, SPECTRE_V2 = "ARM64_UNMAP_KERNEL_AT_EL0", "ARM64_SPECTRE_V2"
ALL_SAFE = (BHB, SPECTRE_V2, V4, KPTI)


def screened(
    own: list[Implementation], others: list[Implementation], accepted: frozenset[str] = frozenset()
) -> Screening:
    return screen(TABLES, own, dict.fromkeys(others, 1), accepted)


# The lists by which real guests lost protection.


@pytest.mark.parametrize(
    ("names", "hazards"),
    [
        ("A57 + A55", (BHB, SPECTRE_V2, V4)),
        ("N1 + A55", ALL_SAFE),
        ("N1 + A57", (KPTI,)),
        ("N1 + ThunderX2", (KPTI,)),
        ("N1 + A520", (BHB,)),
        ("V2 + A520", (BHB,)),
        ("N1 + N3", (BBML3,)),
        ("N1 + AmpereOne", (BBML3,)),
        ("N3 + AmpereOne", ()),
        ("N1 + N2 + V1 + V2", ()),
        ("A53 + A55", ()),
        ("A53 + A53 fixed", ()),
        ("N1 + X-Gene", ()),
        ("N1 + unknown", ()),
        ("A57 + A53 + N1 + N2", ALL_SAFE),
    ],
)
def test_measured_hazards(names: str, hazards: tuple[str, ...]) -> None:
    implementations = [CPUS[name] for name in names.split(" + ")]
    assert hazards_of(TABLES, implementations) == hazards
    assert hazards_on_list(TABLES, implementations) == hazards


def test_a_fixed_revision_is_not_in_the_table_that_names_it() -> None:
    (spectre_bhb,) = (entry for entry in TABLES.entries if entry.id == BHB)
    fixed = (FixedRevision(0x41, 0xD03, Revision(0, 4), 8),)
    tables = ErrataTables(linux=TABLES.linux, entries=(replace(spectre_bhb, fixed=fixed),))
    mended = CPUS["A53 fixed"]
    for listed, hazards in (([A53, mended], (BHB,)), ([A53, A55], ()), ([mended, N1], ()), ([A53, N1], (BHB,))):
        assert hazards_of(tables, listed) == hazards_on_list(tables, listed) == hazards


def test_no_implementation_is_no_hazard() -> None:
    assert hazards_of(TABLES, []) == hazards_on_list(TABLES, []) == ()


# Who is let in beside a boot host.


def test_those_that_agree_with_the_boot_host_join_in_order_of_their_registers() -> None:
    found = screen(TABLES, [N1], {V2: 4, N2: 2})
    assert found == Screening(admitted=(N2, V2), left_out=(), on_boot_host=(), accepted=())


def test_those_that_would_weaken_it_are_named_with_their_hosts_and_every_table() -> None:
    found = screen(TABLES, [N1], {N3: 7, A55: 3, N2: 2})
    assert found.admitted == (N2,)
    assert found.left_out == (LeftOut(N3, 7, (BBML3,)), LeftOut(A55, 3, ALL_SAFE))


def test_the_boot_host_decides_which_side_is_taken() -> None:
    assert screened([A53], [N1, A55]).admitted == (A55,)
    assert screened([N1], [A53, A55, N2]).admitted == (N2,)


def test_its_own_implementations_are_not_candidates() -> None:
    assert screened([N1, N2], [N1, N2, V2]).admitted == (V2,)


def test_an_accepted_table_may_be_mixed_and_no_other() -> None:
    found = screened([N1], [N3, A520, A55], frozenset({BBML3}))
    assert found.admitted == (N3,)
    assert [left.hazards for left in found.left_out] == [(BHB,), ALL_SAFE]
    assert found.accepted == (BBML3,)


def test_an_accepted_hazard_that_does_not_occur_is_not_shown() -> None:
    assert screened([N1], [N2], frozenset({BBML3, BHB})).accepted == ()


def test_a_boot_host_that_mixes_is_refused_unless_that_is_accepted() -> None:
    refused = screened([N1, N3], [N2])
    assert (refused.on_boot_host, refused.admitted) == ((BBML3,), ())
    accepted = screened([N1, N3], [N2, A520], frozenset({BBML3}))
    assert (accepted.on_boot_host, accepted.admitted, accepted.accepted) == ((), (N2,), (BBML3,))


def test_pinning_to_one_kind_makes_the_other_a_candidate_like_any() -> None:
    found = screened([N1], [N3])
    assert found.on_boot_host == ()
    assert found.left_out == (LeftOut(N3, 1, (BBML3,)),)


def test_a_host_that_is_not_listed_may_be_so_because_it_would_weaken_the_guest() -> None:
    assert weakening(TABLES, [N1, N2], [A520, V2, N3], {BBML3}) == {A520: (BHB,)}


# What may share a list.


def test_groups_may_share_a_list_and_pairs_may_not() -> None:
    fleet = [N3, N1, A55, N2, A53]
    assert groups(TABLES, fleet) == ((A53, A55), (N2, N1), (N3,))
    assert tuple(islice(forbidden_pairs(TABLES, fleet), 3)) == (
        ForbiddenPair(0, 1, (BBML3,)),
        ForbiddenPair(0, 2, (BBML3, *ALL_SAFE)),
        ForbiddenPair(0, 3, (BBML3,)),
    )


def added(tables: ErrataTables, a: Implementation, b: Implementation) -> tuple[str, ...]:
    """What `b` brings to a guest made for `a`."""
    one, other = (Pooled(each, tuple(entry.id for entry in tables.affecting(each))) for each in (a, b))
    return other.added(one)


def test_sharing_adds_the_errata_of_the_other() -> None:
    assert added(TABLES, N1, CPUS["AmpereOne"]) == (
        "ARM64_WORKAROUND_AMPERE_AC03_CPU_38",
        "SPECTRE_BHB_LOOP_K11",
    )
    assert "ARM64_WORKAROUND_SPECULATIVE_SSBS" not in added(TABLES, N1, N2)
    assert added(TABLES, N1, N1) == ()


# Laws. "For each such table, all implementations of a list are in it or none is, with H deciding which."


@given(some.tables, st.lists(some.implementations, max_size=8))
def test_two_programs_agree_on_hazards(tables: ErrataTables, listed: list[Implementation]) -> None:
    assert hazards_of(tables, listed) == hazards_on_list(tables, listed)


@given(some.tables, some.lists)
def test_effects_and_hazards_agree(tables: ErrataTables, listed: list[Implementation]) -> None:
    assert effects(tables, KERNELS, listed).hazards == hazards_of(tables, listed)


@given(some.tables, some.lists, some.implementations)
def test_a_hazard_never_goes_by_adding(
    tables: ErrataTables, listed: list[Implementation], joining: Implementation
) -> None:
    assert set(hazards_of(tables, listed)) <= set(hazards_of(tables, [*listed, joining]))


@given(some.tables, some.lists, some.lists, some.hazard_names)
def test_every_candidate_is_let_in_or_left_out(
    tables: ErrataTables, own: list[Implementation], others: list[Implementation], accepted: set[str]
) -> None:
    found = screen(tables, own, dict.fromkeys(others, 1), accepted)
    left_out = [left.implementation for left in found.left_out]
    assert sorted([*found.admitted, *left_out]) == sorted(set(others) - set(own))
    assert list(found.admitted) == sorted(found.admitted)
    assert left_out == sorted(left_out)


@given(some.tables, some.lists, some.lists, some.hazard_names)
def test_a_list_has_no_hazard_that_is_not_accepted(
    tables: ErrataTables, own: list[Implementation], others: list[Implementation], accepted: set[str]
) -> None:
    found = screen(tables, own, dict.fromkeys(others, 1), accepted)
    hazards = hazards_on_list(tables, [*own, *found.admitted])
    assert set(hazards) - accepted == set(found.on_boot_host)
    assert tuple(hazard for hazard in hazards if hazard in accepted) == found.accepted
    if found.on_boot_host:
        assert not found.admitted


@given(some.tables, some.lists, some.lists, some.hazard_names)
def test_nobody_is_left_out_without_need(
    tables: ErrataTables, own: list[Implementation], others: list[Implementation], accepted: set[str]
) -> None:
    for left in screen(tables, own, dict.fromkeys(others, 1), accepted).left_out:
        hazards = set(hazards_on_list(tables, [*own, left.implementation]))
        assert set(left.hazards) == hazards - accepted


@given(some.tables, some.lists, some.lists)
def test_who_accepts_every_hazard_leaves_nobody_out(
    tables: ErrataTables, own: list[Implementation], others: list[Implementation]
) -> None:
    found = screen(tables, own, dict.fromkeys(others, 1), tables.hazard_tables)
    assert (found.left_out, found.on_boot_host) == ((), ())


@given(some.tables, some.lists, some.lists, some.hazard_names, some.hazard_names)
def test_accepting_more_leaves_fewer_out(
    tables: ErrataTables,
    own: list[Implementation],
    others: list[Implementation],
    accepted: set[str],
    further: set[str],
) -> None:
    before, after = (screen(tables, own, dict.fromkeys(others, 1), each) for each in (accepted, accepted | further))
    assert set(before.admitted) <= set(after.admitted)


@given(some.tables, some.lists, some.lists)
def test_the_order_of_hosts_decides_nothing(
    tables: ErrataTables, own: list[Implementation], others: list[Implementation]
) -> None:
    one, other = (screen(tables, own, dict.fromkeys(each, 1)) for each in (others, others[::-1]))
    assert one == other == screen(tables, own[::-1], dict.fromkeys(others, 1))


@given(some.tables, some.lists)
def test_groups_are_a_partition(tables: ErrataTables, fleet: list[Implementation]) -> None:
    found = groups(tables, fleet)
    assert sorted(each for group in found for each in group) == sorted(set(fleet))
    assert found == groups(tables, fleet[::-1])


@given(some.tables, some.lists)
def test_a_group_may_share_a_list_and_no_two_groups_may(tables: ErrataTables, fleet: list[Implementation]) -> None:
    found = groups(tables, fleet)
    assert all(hazards_on_list(tables, group) == () for group in found)
    assert all(hazards_on_list(tables, [*one, *other]) for one, other in combinations(found, 2))


@given(some.tables, some.lists)
def test_pairs_are_forbidden_exactly_by_the_hazards_of_the_two(
    tables: ErrataTables, fleet: list[Implementation]
) -> None:
    forbidden = {(pair.a, pair.b): pair.forbidden_by for pair in forbidden_pairs(tables, fleet)}
    expected = {
        (a, b): hazards
        for a, b in combinations(range(len(fleet)), 2)
        if (hazards := hazards_on_list(tables, [fleet[a], fleet[b]]))
    }
    assert forbidden == expected
    assert list(forbidden) == sorted(forbidden)


@given(some.tables, some.implementations, some.implementations)
def test_added_errata_are_what_the_shorter_list_did_not_have(
    tables: ErrataTables, a: Implementation, b: Implementation
) -> None:
    alone, shared = (effects(tables, KERNELS, listed).applies for listed in ([a], [a, b]))
    before = {each.entry.id for each in alone}
    assert set(added(tables, a, b)) == {each.entry.id for each in shared} - before
