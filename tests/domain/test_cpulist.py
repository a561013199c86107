from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cpu.cpulist import CPU_MAX, LONGEST, CpuList, parse_cpulist, read_cpulist
from tests.domain import strategies as some


def numbers(cpus: CpuList) -> set[int]:
    return {cpu for cpu in range(cpus.mask.bit_length()) if cpus.mask >> cpu & 1}


def listed(cpus: set[int]) -> CpuList:
    return CpuList(sum(1 << cpu for cpu in cpus))


sets = st.sets(st.integers(0, 200))


def test_a_short_text_takes_no_long_time() -> None:
    """Each of these ranges names 8,192 CPUs."""
    assert parse_cpulist(",".join(["0-65535:1/8"] * 5_000)) == parse_cpulist("0-65535:1/8")


def test_a_long_text_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 65536 characters"):
        parse_cpulist("0," * 32_768 + "0")


EVERY_SECOND = CpuList(sum(1 << cpu for cpu in range(0, CPU_MAX + 1, 2)))


def test_a_short_text_that_stands_for_a_long_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 65536 characters; this one, with its ranges written out, has 191052"):
        parse_cpulist("0-65535:1/2")
    assert len(str(EVERY_SECOND)) == 191_052


def test_the_longest_list_is_taken_as_it_comes_and_as_it_is_kept() -> None:
    """Single CPUs, every second one, up to the last that fits."""
    longest = longer = listed(set(range(0, 20_000, 2)))
    while longer.text_length <= LONGEST:
        longest, longer = longer, longer | listed({longer.mask.bit_length() + 1})
    assert parse_cpulist(str(longest)) == longest
    strided = f"0-{longest.mask.bit_length() - 1}:1/2"
    assert parse_cpulist(strided) == longest
    for text in (str(longer), f"0-{longer.mask.bit_length() - 1}:1/2"):
        with pytest.raises(ValueError, match=f"at most {LONGEST} characters"):
            parse_cpulist(text)


def test_what_is_kept_is_read_whatever_may_come_today() -> None:
    assert read_cpulist(str(EVERY_SECOND)) == EVERY_SECOND


@pytest.mark.parametrize("text", ["", "0,", "x", "3-1", "0-7:1/2", " 1", "12345678"])
def test_what_was_never_written_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="is no range of CPUs"):
        read_cpulist(text)


# Written and read.


@given(st.sets(st.integers(0, CPU_MAX), min_size=1, max_size=60) | sets.filter(bool))
def test_the_length_is_known_without_writing(cpus: set[int]) -> None:
    assert listed(cpus).text_length == len(str(listed(cpus)))


@given(some.cpulists)
def test_what_is_kept_reads_back(cpus: CpuList) -> None:
    assert read_cpulist(str(cpus)) == cpus


@given(some.cpulists)
def test_what_is_written_reads_back(cpus: CpuList) -> None:
    assert parse_cpulist(str(cpus)) == cpus


@given(sets.filter(bool))
def test_ranges_are_as_long_as_they_can_be(cpus: set[int]) -> None:
    """Linux prints the shortest list: no two ranges touch, and they ascend (lib/vsprintf.c, bitmap_list_string)."""
    bounds = [[int(end) for end in part.split("-")] for part in str(listed(cpus)).split(",")]
    assert all(bound[0] < bound[-1] for bound in bounds if len(bound) == 2)
    assert all(before[-1] + 1 < after[0] for before, after in pairwise(bounds))
    assert {cpu for bound in bounds for cpu in range(bound[0], bound[-1] + 1)} == cpus


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("0", {0}),
        ("0-3,8,10-15", {0, 1, 2, 3, 8, 10, 11, 12, 13, 14, 15}),
        ("7,0-1", {0, 1, 7}),
        ("3,3,2-4", {2, 3, 4}),
        ("5-5", {5}),
        ("007", {7}),
        (" 1 , 2-3\n", {1, 2, 3}),
        (str(CPU_MAX), {CPU_MAX}),
    ],
)
def test_read(text: str, cpus: set[int]) -> None:
    assert numbers(parse_cpulist(text)) == cpus


@pytest.mark.parametrize(
    ("cpus", "text"),
    [(set[int](), ""), ({0}, "0"), ({0, 1}, "0-1"), ({63, 64, 65}, "63-65"), ({1, 3, 4, 9}, "1,3-4,9")],
)
def test_written(cpus: set[int], text: str) -> None:
    assert str(listed(cpus)) == text


# Strides: lib/bitmap.c, bitmap_set_region: from each `group` CPUs the first `used`, the last ones cut at the end.


def as_the_kernel_does(low: int, high: int, used: int, group: int) -> set[int]:
    return {cpu for start in range(low, high + 1, group) for cpu in range(start, start + min(high - start + 1, used))}


@given(st.integers(0, 90), st.integers(0, 90), st.integers(1, 20), st.integers(0, 20))
def test_strides(low: int, length: int, used: int, spared: int) -> None:
    high, group = low + length, used + spared
    expected = as_the_kernel_does(low, high, used, group)
    assert numbers(parse_cpulist(f"{low}-{high}:{used}/{group}")) == expected


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        # The examples of Documentation/admin-guide/kernel-parameters.rst, "cpu lists".
        ("100-2000:2/25", {cpu for cpu in range(100, 2001) if cpu % 25 < 2}),
        ("0-6:2/4", {0, 1, 4, 5}),
        ("1-7:1/2,0", {0, 1, 3, 5, 7}),
        ("0-4:5/5", {0, 1, 2, 3, 4}),
        ("0-1:1/500000", {0}),
    ],
)
def test_read_strides(text: str, cpus: set[int]) -> None:
    assert numbers(parse_cpulist(text)) == cpus


# What is no list.


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "'' is no range of CPUs; a list looks like 0-3,8,10-15"),
        (" ", "' ' is no range of CPUs"),
        ("1,,2", "'' is no range of CPUs"),
        ("1,", "'' is no range of CPUs"),
        ("0-", "'0-' is no range of CPUs"),
        ("-3", "'-3' is no range of CPUs"),
        ("a", "'a' is no range of CPUs"),
        ("all", "'all' is no range of CPUs"),
        ("0x3", "'0x3' is no range of CPUs"),
        ("\u0663", "'\u0663' is no range of CPUs"),
        ("\u00a03", "'\\xa03' is no range of CPUs"),
        ("1.5", "'1.5' is no range of CPUs"),
        ("1 - 2", "'1 - 2' is no range of CPUs"),
        ("0-3:2", "'0-3:2' is no range of CPUs"),
        ("3:1/2", "'3:1/2' is no range of CPUs"),
        ("1234567", "'1234567' is no range of CPUs"),
        ("3-1", "'3-1' must ascend and end at 65535 or below"),
        ("65536", "'65536' must ascend and end at 65535 or below"),
        ("0-65536", "'0-65536' must ascend and end at 65535 or below"),
        ("0-7:3/2", "of every 2 CPUs, 3 cannot be taken"),
        ("0-7:0/2", "of every 2 CPUs, 0 cannot be taken"),
        ("0-7:0/0", "of every 0 CPUs, 0 cannot be taken"),
        ("0-7:1/0", "of every 0 CPUs, 1 cannot be taken"),
    ],
)
def test_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the sentence is compared below
        parse_cpulist(text)
    assert str(refusal.value).startswith(complaint)


@given(st.text(st.sampled_from("0123456789,-:/ x"), max_size=12))
def test_every_text_is_a_list_of_some_cpu_or_refused(text: str) -> None:
    with suppress(ValueError):
        cpus = parse_cpulist(text)
        assert cpus
        assert parse_cpulist(str(cpus)) == cpus


# The algebra is that of sets.


@given(sets, sets)
def test_sets(one: set[int], other: set[int]) -> None:
    a, b = listed(one), listed(other)
    assert numbers(a | b) == one | other
    assert numbers(a - b) == one - other
    assert a.overlaps(b) == b.overlaps(a) == bool(one & other)
    assert bool(a) == bool(one)
    assert (a == b) == (one == other)


@given(sets.filter(bool))
def test_the_lowest(cpus: set[int]) -> None:
    assert listed(cpus).lowest == min(cpus)
