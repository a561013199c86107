"""What becomes of an AIDR that a report did not read."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from app.domain.cpu.cpulist import CpuList
from app.domain.cpu.identity import CpuGroup, Identity
from app.domain.cpu.implementation import ReportedImplementation
from app.domain.cpu.report import CpuReport
from app.domain.vms.exposure import covers
from tests.domain.samples import N1, N1_AIDR, V1, group, identity, plan, reported, unread

ABSENT = frozenset({0})

N1_UNREAD = unread(N1)


def after(present: Identity, *groups: CpuGroup, unread: frozenset[int] = ABSENT) -> Identity:
    return CpuReport(groups, unread).after(present)


def test_a_value_that_was_stated_stays_while_midr_and_revidr_do() -> None:
    assert after(identity((None, N1_AIDR)), group(None, N1_UNREAD)) == identity((None, N1_AIDR))
    assert after(identity(("0-3", N1_AIDR)), group(None, N1_UNREAD)) == identity((None, N1_AIDR))
    assert after(identity((None, N1_AIDR)), group("0-63", N1_UNREAD)) == identity(("0-63", N1_AIDR))


def test_of_another_cpu_nothing_is_known() -> None:
    for before in (V1, N1._replace(revidr=7)):
        assert after(identity((None, before)), group(None, N1_UNREAD)) == identity((None, N1_UNREAD))
    assert CpuReport((group(None, N1_UNREAD),), ABSENT).after(None) == identity((None, N1_UNREAD))
    assert after(Identity(()), group(None, N1_UNREAD)) == identity((None, N1_UNREAD))


def test_unknown_is_said_and_not_taken_for_unread() -> None:
    told = after(identity((None, N1_AIDR)), group(None, N1_UNREAD), unread=frozenset())
    assert told == identity((None, N1_UNREAD))
    assert after(told, group(None, N1_UNREAD)) == told


def test_what_was_read_is_taken() -> None:
    assert after(identity((None, N1_AIDR)), group(None, reported(N1)), unread=frozenset()) == identity((None, N1))


def test_cpus_of_one_midr_and_several_aidrs_keep_each_their_own() -> None:
    present = identity(("0-3", N1), ("4-5", N1_AIDR), ("6", V1), ("7", N1_UNREAD))
    told = after(present, group("0-8", N1_UNREAD))
    assert told == identity(("0-3", N1), ("4-5", N1_AIDR), ("6-8", N1_UNREAD))
    assert after(present, group(None, N1_UNREAD)) == identity(("0-3", N1), ("4-5", N1_AIDR), ("6-7", N1_UNREAD))


# Random hosts of few registers and CPUs, so that reports often meet what is known.

_parts = st.builds(
    ReportedImplementation, st.sampled_from([N1.midr, V1.midr]), st.integers(0, 1), st.none() | st.integers(0, 1)
)


@st.composite
def cpu_groups(draw: st.DrawFn) -> tuple[CpuGroup, ...]:
    if draw(st.booleans()):
        return (CpuGroup(None, draw(_parts)),)
    dealt = draw(st.lists(st.integers(-1, 3), min_size=1, max_size=8))
    piles = {pile: sum(1 << cpu for cpu, to in enumerate(dealt) if to == pile) for pile in dealt if pile >= 0}
    return tuple(CpuGroup(CpuList(mask), draw(_parts)) for mask in piles.values()) or (CpuGroup(None, draw(_parts)),)


identities = st.builds(Identity, cpu_groups())


@st.composite
def reports(draw: st.DrawFn) -> CpuReport:
    groups = draw(cpu_groups())
    positions = draw(st.frozensets(st.sampled_from(range(len(groups)))))
    return CpuReport(tuple(_blind(each) if at in positions else each for at, each in enumerate(groups)), positions)


def _blind(of: CpuGroup) -> CpuGroup:
    return CpuGroup(of.cpus, of.reported._replace(aidr=None))


def _by_cpu(groups: tuple[CpuGroup, ...]) -> Iterator[tuple[int, ReportedImplementation]]:
    for each in groups:
        mask = each.cpus.mask if each.cpus else 0xFF
        yield from ((cpu, each.reported) for cpu in range(mask.bit_length()) if mask >> cpu & 1)


@given(identities, reports())
def test_every_cpu_is_told_of_once_and_as_it_was_read(present: Identity, report: CpuReport) -> None:
    told = list(_by_cpu(report.after(present).groups))
    known = dict(told)
    assert len(known) == len(told)
    if all(each.cpus for each in (*report.groups, *present.groups)):
        assert known.keys() == dict(_by_cpu(report.groups)).keys()
    for at, each in enumerate(report.groups):
        for cpu, read in _by_cpu((each,)):
            if cpu in known:
                assert known[cpu][:2] == read[:2]
                assert at in report.unread or known[cpu] == read


@given(identities, reports())
def test_no_aidr_is_made_up(present: Identity, report: CpuReport) -> None:
    before = {each.reported for each in (*present.groups, *report.groups)}
    unknown = {each.reported._replace(aidr=None) for each in report.groups}
    assert {each.reported for each in report.after(present).groups} <= before | unknown


@given(identities, reports())
def test_the_same_report_twice_tells_no_more(present: Identity, report: CpuReport) -> None:
    once = report.after(present)
    assert report.after(once) == once


@given(identities, st.booleans())
def test_a_report_that_read_nothing_new_changes_nothing(present: Identity, moved: bool) -> None:
    groups = tuple(map(_blind, present.groups))
    told = CpuReport(groups, frozenset(range(len(groups)))).after(present)
    assert dict(_by_cpu(told.groups)) == dict(_by_cpu(present.groups))
    if known := tuple(dict.fromkeys(each.known for each in present.reported if each.known)):
        sealed = plan(*known).list
        assert covers(sealed, None, told, moved=moved) == covers(sealed, None, present, moved=moved)
