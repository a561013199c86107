import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cpu.implementation import (
    Implementation,
    ReportedImplementation,
    differing_registers,
)
from app.domain.cpu.relatives import Relatives
from tests.domain import strategies as some
from tests.domain.samples import A57, KUNPENG, N1, N1_AIDR, N1_OLDER, N1_REVIDR, V1

N1_BOTH = Implementation(N1.midr, 1, 1)


def part(variant: int, revision: int, revidr: int = 0, aidr: int = 0) -> Implementation:
    return Implementation(0x410FD0C0 | variant << 20 | revision, revidr, aidr)


# Rule 1: "Two implementations are the same only if all three values are equal"; all 64 bits count.
@given(some.any_implementations, st.integers(0, 2), st.integers(0, 63))
def test_any_single_bit_makes_another_implementation(one: Implementation, register: int, bit: int) -> None:
    values = list(one)
    values[register] ^= 1 << bit
    other = Implementation(*values)
    assert other != one
    assert differing_registers(one, other) == (Implementation._fields[register],)


@given(some.any_implementations, some.any_implementations)
def test_the_order_is_that_of_unsigned_numbers(one: Implementation, other: Implementation) -> None:
    def raw(each: Implementation) -> bytes:
        return b"".join(value.to_bytes(8, "big") for value in each)

    assert (one < other) == (raw(one) < raw(other))


@pytest.mark.parametrize(
    ("one", "other", "names"),
    [
        (N1, N1, ()),
        (N1, N1_REVIDR, ("revidr",)),
        (N1, N1_AIDR, ("aidr",)),
        (N1_REVIDR, N1_AIDR, ("revidr", "aidr")),
        (N1, V1, ("midr", "revidr")),
        (N1, KUNPENG, ("midr", "aidr")),
    ],
)
def test_differing_registers(one: Implementation, other: Implementation, names: tuple[str, ...]) -> None:
    assert differing_registers(one, other) == differing_registers(other, one) == names


# Rule 1: "an unread AIDR is unknown, never 0".
@given(some.any_implementations)
def test_an_unread_aidr_is_not_known(each: Implementation) -> None:
    assert ReportedImplementation(*each).known == each
    assert ReportedImplementation(each.midr, each.revidr, None).known is None


def test_an_unread_aidr_is_not_zero() -> None:
    assert ReportedImplementation(N1.midr, 0, None) != ReportedImplementation(N1.midr, 0, 0)


# The nearest listed implementation, beside one that is refused.


def nearest(wanted: Implementation, candidates: tuple[Implementation, ...]) -> Implementation | None:
    return Relatives(candidates).nearest(wanted)


def plainly_nearest(wanted: Implementation, candidates: tuple[Implementation, ...]) -> Implementation | None:
    """The same, asked of each candidate."""
    stepping = 0x00F0_000F

    def distance(candidate: Implementation) -> tuple[int, int, int, Implementation]:
        model = (wanted.midr ^ candidate.midr) & ~stepping
        revisions = abs((wanted.midr & stepping) - (candidate.midr & stepping))
        rest = (wanted.revidr != candidate.revidr) * 2 + (wanted.aidr != candidate.aidr)
        return (model, revisions, rest, candidate)

    return min(candidates, key=distance, default=None)


@given(some.any_implementations, st.lists(st.one_of(some.implementations, some.any_implementations), max_size=30))
def test_a_look_up_finds_what_asking_each_finds(wanted: Implementation, candidates: list[Implementation]) -> None:
    assert nearest(wanted, tuple(candidates)) == plainly_nearest(wanted, tuple(candidates))


@given(some.any_implementations, st.lists(some.implementations))
def test_the_nearest_is_one_of_the_candidates_and_none_only_of_nothing(
    wanted: Implementation, candidates: list[Implementation]
) -> None:
    found = nearest(wanted, tuple(candidates))
    assert (found in candidates) if candidates else (found is None)


@given(st.lists(some.implementations, min_size=1), st.data())
def test_an_equal_candidate_is_the_nearest(candidates: list[Implementation], data: st.DataObject) -> None:
    wanted = data.draw(st.sampled_from(candidates))
    assert nearest(wanted, tuple(candidates)) == wanted


@given(some.any_implementations, st.permutations(some.POOL), st.permutations(some.POOL))
def test_the_order_of_candidates_does_not_matter(
    wanted: Implementation, one: list[Implementation], other: list[Implementation]
) -> None:
    assert nearest(wanted, tuple(one)) == nearest(wanted, tuple(other))


@pytest.mark.parametrize(
    ("wanted", "candidates", "found"),
    [
        # the same model before all else, also where another model has an equal REVIDR and AIDR
        (N1_REVIDR, (A57, V1, N1_OLDER), N1_OLDER),
        (part(3, 1), (part(0, 0), Implementation(0x413FD0D1, 0, 0)), part(0, 0)),
        (KUNPENG, (N1, Implementation(0x480FD010, 0, 0)), Implementation(0x480FD010, 0, 0)),
        # then the same stepping
        (part(3, 1), (part(2, 1), part(3, 1, revidr=7, aidr=7)), part(3, 1, revidr=7, aidr=7)),
        # then a revision of the same variant
        (part(3, 1), (part(2, 1), part(3, 0)), part(3, 0)),
        (part(3, 1), (part(1, 1), part(2, 1)), part(2, 1)),
        # and of two revisions the one whose number is nearer
        (part(0, 1), (part(0, 2), part(0, 3)), part(0, 2)),
        (part(2, 0), (part(1, 0), part(0, 0)), part(1, 0)),
        # then equal REVIDR before equal AIDR
        (N1, (N1_REVIDR, N1_AIDR), N1_AIDR),
        (N1, (N1_REVIDR, N1_BOTH), N1_REVIDR),
        (N1, (N1_AIDR, N1_BOTH), N1_AIDR),
    ],
)
def test_nearest(wanted: Implementation, candidates: tuple[Implementation, ...], found: Implementation) -> None:
    assert nearest(wanted, candidates) == nearest(wanted, candidates[::-1]) == found
