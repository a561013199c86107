from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cpu.implementation import Implementation
from app.domain.guest.effects import Effects, NoteCode, effects
from app.domain.reference.errata import ErrataTables, TableRule
from app.domain.reference.kernels import KernelVersion
from tests.domain import errata_strategies as some
from tests.domain.errata_data import KERNELS, TABLES, Document, vectors
from tests.domain.guest_runs import CPUS, DEBIAN_HAS_ON, LOGGED, RUNS, Run

A53, A53_FIXED, A55, A57 = CPUS["A53"], CPUS["A53 fixed"], CPUS["A55"], CPUS["A57"]
N1, N2, APPLE_M1 = CPUS["N1"], CPUS["N2"], Implementation(0x611F0221, 0, 0)


def of(implementations: Sequence[Implementation], kernel: str | None = None, *, hidden: bool = False) -> Effects:
    version = KernelVersion.parse(kernel) if kernel else None
    return effects(TABLES, KERNELS, implementations, kernel=version, hypercalls_hidden=hidden)


def applying(found: Effects) -> set[str]:
    return {each.entry.id for each in found.applies}


def believed(found: Effects) -> set[str]:
    return {each.entry.id for each in found.believes_safe}


def codes(found: Effects) -> list[NoteCode]:
    return [note.code for note in found.notes]


# What is known of real kernels.


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["name"])
def test_agrees_with_the_tables_of_the_kernel(vector: Document) -> None:
    found = of(
        [Implementation(*(int(each[r], 16) for r in Implementation._fields)) for each in vector["implementations"]]
    )
    by_identity = {each.entry.id for each in found.applies if each.entry.decided_by_identity_alone}
    assert by_identity == set(vector["applies"])
    assert believed(found) == set(vector["believes_safe"])


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_agrees_with_what_real_guests_logged(run: Run) -> None:
    found = of([CPUS[name] for name in run.offered])
    logged = {LOGGED[short] for short in run.detected}
    allow_lists = {entry.id for entry in TABLES.entries if entry.rule is TableRule.ANY_SAFE}
    assert logged - allow_lists == {
        each.entry.id
        for each in found.applies
        if each.entry.log and (each.entry.decided_by_identity_alone or each.entry.id in DEBIAN_HAS_ON)
    }
    assert ("Sp-v4" in run.detected) is ("ARM64_SPECTRE_V4" not in believed(found))
    assert ("Sp-BHB" in run.detected) is ("ARM64_SPECTRE_BHB" not in believed(found))
    assert run.bbml3 is ("ARM64_HAS_BBML3" in believed(found))
    if not run.csv:
        assert ("Sp-v2" in run.detected) is ("ARM64_SPECTRE_V2" not in believed(found))
        assert run.kpti is ("ARM64_UNMAP_KERNEL_AT_EL0" not in believed(found))


# What an answer says.


def test_names_the_implementations_that_cause_an_entry_in_order_of_the_list() -> None:
    causes = {each.entry.id: each.implementations for each in of([N2, N1, A53, N2]).applies}
    assert causes["ARM64_WORKAROUND_1418040"] == (N1,)
    assert causes["ARM64_WORKAROUND_SPECULATIVE_SSBS"] == (N2, N1)
    assert causes["ARM64_WORKAROUND_845719"] == (A53,)


def test_tells_errata_of_other_hosts_from_those_of_the_boot_host() -> None:
    found = effects(TABLES, KERNELS, [N1, N2], boot_host=[N1])
    only_others = {each.entry.id: each.only_other_hosts for each in found.applies}
    assert only_others["ARM64_WORKAROUND_1418040"] is False
    assert only_others["ARM64_WORKAROUND_TSB_FLUSH_FAILURE"] is True
    assert {each.only_other_hosts for each in of([N1, N2]).applies} == {None}


def test_a_hazard_is_a_table_that_some_are_in_and_some_are_not() -> None:
    found = of([N1, A55])
    v4 = next(each for each in found.believes_safe if each.entry.id == "ARM64_SPECTRE_V4")
    assert (v4.implementations, v4.not_safe, v4.hazard) == ((A55,), (N1,), True)
    assert found.hazards == (
        "ARM64_SPECTRE_BHB",
        "ARM64_SPECTRE_V2",
        "ARM64_SPECTRE_V4",
        "ARM64_UNMAP_KERNEL_AT_EL0",
    )
    assert of([A55, A53]).hazards == ()


def test_a_table_for_el2_is_never_a_hazard() -> None:
    found = of([N1, APPLE_M1])
    assert [(each.entry.id, each.hazard) for each in found.believes_safe] == [("ARM64_HAS_ICH_HCR_EL2_TDIR", False)]
    assert found.believes_safe[0].not_safe == (N1,)
    assert found.hazards == ()


def test_by_default_the_guest_is_the_newest_that_the_tables_describe() -> None:
    found = of([N1])
    assert (str(found.kernel), found.tables, found.notes) == ("7.3", "linux 7.3.4", ())
    assert of([N1], "7.3") == found


# Older and newer kernels.


@pytest.mark.parametrize(
    "kernel", ["6.15", "6.16.12", "6.18.15-1-arm64", "6.18.50", "7.0.13", "7.1.13", "7.2", "7.2.4"]
)
def test_kernels_that_ignore_revidr_take_a_fixed_revision_for_affected(kernel: str) -> None:
    found = of([A53_FIXED], kernel)
    assert "ARM64_WORKAROUND_843419" in applying(found)
    assert codes(found) == [NoteCode.REVIDR_IGNORED, NoteCode.OLDER_THAN_TABLES]
    assert "alone: ARM64_WORKAROUND_843419" in found.notes[0].detail


def test_the_note_on_revidr_stands_also_where_it_decides_nothing() -> None:
    assert "alone: none" in of([A53_FIXED, A53], "6.18").notes[0].detail
    assert "alone: none" in of([N1], "6.18").notes[0].detail


@pytest.mark.parametrize("kernel", ["6.18.51", "7.2.5", "7.2.12"])
def test_mended_updates_honour_the_revidr_of_the_only_implementation(kernel: str) -> None:
    found = of([A53_FIXED], kernel)
    assert "ARM64_WORKAROUND_843419" not in applying(found)
    assert codes(found) == [NoteCode.OLDER_THAN_TABLES]


def test_one_series_is_not_sure_about_revidr_beside_other_implementations() -> None:
    found = of([A53_FIXED, N1], "6.18.51")
    assert "ARM64_WORKAROUND_843419" not in applying(found)
    assert codes(found) == [NoteCode.REVIDR_UNSURE, NoteCode.OLDER_THAN_TABLES]
    assert codes(of([A53_FIXED, N1], "7.2.5")) == [NoteCode.OLDER_THAN_TABLES]


A725, X925, AMPEREONE = (Implementation(midr, 0, 0) for midr in (0x410FD871, 0x410FD851, 0xC00FAC30))


def test_a_table_that_an_older_kernel_has_in_part_makes_a_hazard_only_since_then() -> None:
    older, newer = of([A725, X925], "6.18.15"), of([A725, X925])
    assert (older.hazards, newer.hazards) == ((), ("ARM64_HAS_BBML3",))
    assert codes(older) == [NoteCode.REVIDR_IGNORED, NoteCode.NOT_YET_LISTED, NoteCode.OLDER_THAN_TABLES]
    assert older.notes[1].detail.startswith("ARM64_HAS_BBML3 has 0x00000000410fd871 since Linux 7.3; ")
    assert [str(each.since) for each in newer.believes_safe] == ["7.3"]


@pytest.mark.parametrize(("kernel", "hazards"), [("6.17", ()), ("6.18", ("ARM64_HAS_BBML3",))])
def test_a_hazard_begins_with_the_first_of_its_parts(kernel: str, hazards: tuple[str, ...]) -> None:
    found = of([AMPEREONE, A725, N1], kernel)
    assert found.hazards == hazards
    assert [note.code for note in found.notes].count(NoteCode.NOT_YET_LISTED) == 2 - len(hazards)
    assert [str(each.since) for each in of([AMPEREONE, A725, N1]).believes_safe] == ["6.18"]


def test_since_when_a_table_counts_is_not_known_of_most() -> None:
    assert {each.since for each in of([N1, A55]).believes_safe} == {None}


@pytest.mark.parametrize("kernel", ["6.12.107", "5.10"])
def test_a_kernel_before_discovery_sees_its_vcpus_and_honours_their_revidr(kernel: str) -> None:
    found = of([A53_FIXED, N1], kernel)
    assert applying(found) == applying(of([A53_FIXED]))
    assert "ARM64_WORKAROUND_843419" not in applying(found)
    assert found.hazards == ()
    assert codes(found) == [NoteCode.NO_DISCOVERY, NoteCode.OLDER_THAN_TABLES]


def test_hidden_hypercalls_leave_the_guest_with_its_vcpus_and_their_revidr() -> None:
    found = of([A53_FIXED], "6.18", hidden=True)
    assert "ARM64_WORKAROUND_843419" not in applying(found)
    assert codes(found) == [NoteCode.HYPERCALLS_HIDDEN, NoteCode.OLDER_THAN_TABLES]
    assert codes(of([A53, N1], "5.10", hidden=True))[0] is NoteCode.NO_DISCOVERY


def test_a_kernel_newer_than_the_tables_may_know_more() -> None:
    found = of([A53_FIXED], "7.4.1")
    assert applying(found) == applying(of([A53_FIXED]))
    assert codes(found) == [NoteCode.NEWER_THAN_TABLES]


@pytest.mark.parametrize("kernel", ["7.3.0", "7.3.4", "7.3.9"])
def test_updates_of_the_same_series_are_not_told_apart(kernel: str) -> None:
    assert of([N1], kernel).notes == ()


# Laws.


@given(some.tables, some.lists, st.randoms(use_true_random=False))
def test_order_and_duplicates_never_matter(tables: ErrataTables, listed: list[Implementation], random: Random) -> None:
    shuffled = [*listed, *random.choices(listed, k=3)]
    random.shuffle(shuffled)
    one, other = (effects(tables, KERNELS, each) for each in (listed, shuffled))
    assert [(each.entry.id, set(each.implementations)) for each in one.applies] == [
        (each.entry.id, set(each.implementations)) for each in other.applies
    ]
    assert [(each.entry.id, set(each.not_safe)) for each in one.believes_safe] == [
        (each.entry.id, set(each.not_safe)) for each in other.believes_safe
    ]
    assert one.hazards == other.hazards


@given(some.tables, some.lists, some.implementations, some.kernel_versions)
def test_one_more_implementation_never_takes_a_workaround_away(
    tables: ErrataTables, listed: list[Implementation], joining: Implementation, kernel: KernelVersion
) -> None:
    before, after = (effects(tables, KERNELS, each, kernel=kernel) for each in (listed, [*listed, joining]))
    assert applying(before) <= applying(after)
    assert believed(before) <= believed(after)


@given(some.tables, some.lists)
def test_a_list_has_the_effects_of_its_implementations(tables: ErrataTables, listed: list[Implementation]) -> None:
    whole = effects(tables, KERNELS, listed)
    alone = [effects(tables, KERNELS, [each]) for each in listed]
    assert applying(whole) == set[str]().union(*map(applying, alone))
    assert believed(whole) == set[str]().union(*map(believed, alone))


@given(some.tables, some.lists, some.kernel_versions)
def test_a_kernel_that_ignores_revidr_works_around_too_much_and_never_too_little(
    tables: ErrataTables, listed: list[Implementation], kernel: KernelVersion
) -> None:
    found = effects(tables, KERNELS, listed, kernel=kernel)
    if KERNELS.discovers(kernel):
        assert applying(effects(tables, KERNELS, listed)) <= applying(found)


@given(some.tables, some.lists, st.data())
def test_what_only_other_hosts_need_goes_when_they_go(
    tables: ErrataTables, listed: list[Implementation], data: st.DataObject
) -> None:
    own = data.draw(st.lists(st.sampled_from(listed), min_size=1))
    found = effects(tables, KERNELS, listed, boot_host=own)
    own_needs = applying(effects(tables, KERNELS, own))
    assert {each.entry.id for each in found.applies if not each.only_other_hosts} == own_needs
