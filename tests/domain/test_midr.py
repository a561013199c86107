"""What MIDR_EL1 can hold, and what somebody meant who wrote another value."""

import pytest
from hypothesis import given

from app.domain.cpu.midr import check_midr, possible, wide
from tests.domain import strategies as some


@given(some.registers)
def test_only_what_a_cpu_can_have_passes(value: int) -> None:
    can_be = value >> 16 & 0xF == 0xF and value not in (2**32 - 1, 2**64 - 1)
    assert possible(value) == can_be
    if can_be:
        assert check_midr(value) == value
    else:
        with pytest.raises(ValueError, match=f"{value:#x}"):
            check_midr(value)


@pytest.mark.parametrize("value", [0x413FD0C1, 0x000F0510, 0x990FFFF0, 0x8000_0000_413F_D0C1, 2**64 - 2])
def test_what_a_cpu_may_have(value: int) -> None:
    assert check_midr(value) == value
    assert wide(value) == (value > 2**32)


@pytest.mark.parametrize(
    ("written", "meant", "told"),
    [
        (0x4108D821, 0x410FD821, "/proc/cpuinfo"),
        (0x4138D0C1, 0x413FD0C1, "/proc/cpuinfo"),
        (0xC0_08_AC_30, 0xC00FAC30, "/proc/cpuinfo"),
        (0x4130D0C1, 0x413FD0C1, "did you mean"),
        (0x8000_0000_4138_D0C1, 0x8000_0000_413F_D0C1, "/proc/cpuinfo"),
        (0xC1D03F41, 0x413FD0C1, "dmidecode"),
        (0xC1D0_3F41_0000_0000, 0x413FD0C1, "dmidecode"),
        (0x21D80F41, 0x410FD821, "dmidecode"),
        (0x30AC0FC0, 0xC00FAC30, "dmidecode"),
    ],
)
def test_what_was_meant_is_named(written: int, meant: int, told: str) -> None:
    with pytest.raises(ValueError, match=f"did you mean {meant:#x}\\?") as refused:
        check_midr(written)
    assert told in str(refused.value)


@pytest.mark.parametrize("written", [0, 1, 0x1234, 2**32 - 1, 2**64 - 1, 0x41000000])
def test_where_nothing_was_meant_nothing_is_guessed(written: int) -> None:
    with pytest.raises(ValueError, match=f"{written:#x}") as refused:
        check_midr(written)
    assert "did you mean" not in str(refused.value)
