from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cpu.cpulist import CpuList, parse_cpulist
from app.domain.cpu.identity import CpuGroup, Identity
from app.domain.cpu.implementation import ReportedImplementation
from app.domain.fleet.host import Host, HostRecord, HostState, Profile
from tests.domain import oracle
from tests.domain import strategies as some
from tests.domain.samples import A55, A76, N1, N1_REVIDR, V1, group, host, identity, reported, uniform, unread

LITTLE_AND_BIG = identity(("0-3", A55), ("4-7", A76))


# The API: "implementations (distinct, in order of lowest CPU)".
@pytest.mark.parametrize(
    ("cpus", "in_order"),
    [
        (identity((None, N1)), [N1]),
        (identity(("4-7", A76), ("0-3", A55)), [A55, A76]),
        (identity(("0,7", A76), ("1-6", A55)), [A76, A55]),
        (identity(("8", N1), ("2", V1), ("0", N1)), [N1, V1]),
        (identity(("0", N1), ("1", unread(N1))), [N1, unread(N1)]),
    ],
)
def test_implementations_by_lowest_cpu(cpus: Identity, in_order: list[tuple[int, int, int | None]]) -> None:
    assert list(cpus.reported) == in_order


@given(some.identities)
def test_implementations_are_found_cpu_by_cpu(cpus: Identity) -> None:
    each = host("h", cpus)
    assert list(cpus.reported) == oracle.by_cpu(each)
    assert sorted(cpus.known) == sorted(oracle.known(oracle.by_cpu(each)))
    assert cpus.complete == oracle.complete(each)
    assert cpus.on_cpus(None) == cpus.reported


@given(some.identities, st.data())
def test_some_cpus_show_what_they_show_one_by_one(cpus: Identity, data: st.DataObject) -> None:
    pinned = data.draw(some.some_cpus(cpus))
    each = host("h", cpus)
    assert list(cpus.on_cpus(pinned)) == oracle.by_cpu(each, pinned)
    assert (not cpus.missing(pinned)) == oracle.has_cpus(each, pinned)


@given(some.mixed_identities, st.data())
def test_the_order_of_groups_does_not_matter(cpus: Identity, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(cpus.groups))
    assert Identity(tuple(shuffled)).reported == cpus.reported


# Rule 5: "a boot may be pinned to some of H's CPUs: then the implementations of those CPUs are H's".
@pytest.mark.parametrize(
    ("pinned", "shown"),
    [("0", [A55]), ("4-7", [A76]), ("2-5", [A55, A76]), ("7,3", [A55, A76]), ("0-7", [A55, A76])],
)
def test_pinned(pinned: str, shown: list[tuple[int, int, int]]) -> None:
    assert list(LITTLE_AND_BIG.on_cpus(parse_cpulist(pinned))) == shown


def test_the_order_is_that_of_the_pinned_cpus() -> None:
    interleaved = identity(("0,6", A55), ("5", A76))
    assert interleaved.on_cpus(parse_cpulist("5-6")) == (reported(A76), reported(A55))
    assert interleaved.on_cpus(parse_cpulist("0,5")) == (reported(A55), reported(A76))


def test_a_group_without_numbers_has_every_cpu() -> None:
    assert uniform(N1).on_cpus(parse_cpulist("17")) == (reported(N1),)
    assert not uniform(N1).missing(parse_cpulist("0-255"))


def test_missing_cpus() -> None:
    assert str(LITTLE_AND_BIG.missing(parse_cpulist("0,6-9,12"))) == "8-9,12"
    assert LITTLE_AND_BIG.missing(parse_cpulist("0-7")) == CpuList(0)


# Rule 1: a host with an unknown value is incomplete.
@pytest.mark.parametrize(
    ("cpus", "complete", "known"),
    [
        (uniform(N1), True, {N1}),
        (uniform(unread(N1)), False, set()),
        (identity(("0", N1), ("1", unread(V1))), False, {N1}),
        (identity(("0", N1), ("1", N1_REVIDR)), True, {N1, N1_REVIDR}),
    ],
)
def test_complete(cpus: Identity, complete: bool, known: set[object]) -> None:
    assert cpus.complete is complete
    assert cpus.known == known


@given(some.identities)
def test_equal_identities_have_equal_hashes(cpus: Identity) -> None:
    again = Identity(tuple(CpuGroup(each.cpus, ReportedImplementation(*each.reported)) for each in cpus.groups))
    assert again == cpus
    assert hash(again) == hash(cpus)
    assert again != Identity((*cpus.groups, group("4096", N1)))


# The API: "single resources answer a strong ETag".
def test_the_tag_changes_with_the_revision_and_with_every_heartbeat() -> None:
    seen = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

    def tag(revision: int, observed_at: datetime, token: bytes = b"") -> str:
        profile = Profile(identity=uniform(N1))
        each = Host(name="h1", state=HostState.ACTIVE, labels={}, profile=profile, observed_at=observed_at)
        return HostRecord(each, revision, seen, seen, token=token).tag

    moments = [seen, seen + timedelta(microseconds=1), seen + timedelta(days=1), seen - timedelta(days=1)]
    assert tag(1, seen) == tag(1, seen)
    assert len({tag(revision, moment) for revision in (1, 2) for moment in moments}) == 8
    # In another history the same revision is another change.
    assert len({tag(1, seen, token) for token in (b"", b"1", b"2")}) == 3
