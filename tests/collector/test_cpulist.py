from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadstead.collector.cpulist import format_cpu_list, parse_cpu_list

CPU_SETS = st.sets(st.integers(0, 4095), min_size=1)


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("0", (0,)),
        ("0-3", (0, 1, 2, 3)),
        ("0-1,4", (0, 1, 4)),
        ("0,2,4-5", (0, 2, 4, 5)),
        ("128-129", (128, 129)),
    ],
)
def test_reads_and_writes_what_the_kernel_prints(text: str, cpus: tuple[int, ...]) -> None:
    assert parse_cpu_list(text) == cpus
    assert format_cpu_list(cpus) == text


@pytest.mark.parametrize(
    "text",
    ["", " ", "0-", "-3", "3-1", "0,,1", "0-3,", "0x1", "all", "0 - 3", "1,0", "0-3,2", "0-31:1/2", "³"],
)
def test_refuses_what_the_kernel_would_not_print(text: str) -> None:
    with pytest.raises(ValueError, match="is n"):
        parse_cpu_list(text)


@given(CPU_SETS)
def test_what_is_written_reads_back(cpus: set[int]) -> None:
    assert parse_cpu_list(format_cpu_list(cpus)) == tuple(sorted(cpus))


@given(CPU_SETS, st.randoms())
def test_order_and_repetition_do_not_matter(cpus: set[int], random: Random) -> None:
    shuffled = [*cpus, *cpus]
    random.shuffle(shuffled)
    assert format_cpu_list(shuffled) == format_cpu_list(cpus)


@given(CPU_SETS)
def test_there_is_one_part_for_each_run_of_neighbours(cpus: set[int]) -> None:
    runs = sum(cpu - 1 not in cpus for cpu in cpus)
    assert len(format_cpu_list(cpus).split(",")) == runs
