import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cpu.registers import REGISTER_MAX, MidrFields, decode_midr, format_register, parse_register
from tests.domain import strategies as some


# Out, registers are 0x and 16 lower-case hex digits; in, a hex string with `0x` or `0X` and 1 to 16 digits.
@given(some.registers)
def test_what_is_written_reads_back(value: int) -> None:
    written = format_register(value)
    assert len(written) == 18
    assert written == written.lower()
    assert parse_register(written) == value


@given(some.registers, st.booleans(), st.integers(1, 16))
def test_case_and_leading_zeros_do_not_matter(value: int, upper: bool, digits: int) -> None:
    short = f"{value:0{digits}x}"
    assert parse_register(f"0X{short.upper()}" if upper else f"0x{short}") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("0x0", 0), ("0X413FD0C1", 0x413FD0C1), ("0x" + "f" * 16, REGISTER_MAX), ("0x0000000000000001", 1)],
)
def test_read(text: str, value: int) -> None:
    assert parse_register(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", "0x", "0", "413fd0c1", "1094701249", "-0x1", "+0x1", "0x-1", "0x1.0", "0x1e+3", "0b11"),
        *(" 0x1", "0x1 ", "0x1\n", "0x 1", "0x1_0", "0xg", "x1", "00x1", "0x" + "0" * 17, "0x" + "1" * 17, "0x\u0661"),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="written as 0x and 1 to 16 hexadecimal digits"):
        parse_register(text)


@pytest.mark.parametrize(
    ("midr", "fields"),
    [
        (0x413FD0C1, MidrFields(0x41, 3, 15, 0xD0C, 1)),
        (0x481FD010, MidrFields(0x48, 1, 15, 0xD01, 0)),
        (0xC00FAC30, MidrFields(0xC0, 0, 15, 0xAC3, 0)),
        (0xFFFFFFFF, MidrFields(0xFF, 15, 15, 0xFFF, 15)),
        (0, MidrFields(0, 0, 0, 0, 0)),
    ],
)
def test_the_parts_of_midr(midr: int, fields: MidrFields) -> None:
    assert decode_midr(midr) == fields


# Arm Architecture Reference Manual: implementer 31:24, variant 23:20, architecture 19:16, part 15:4, revision 3:0.
@given(some.registers)
def test_the_parts_of_midr_make_up_its_lower_half(midr: int) -> None:
    fields = decode_midr(midr)
    written = (
        f"{fields.implementer:02x}{fields.variant:x}{fields.architecture:x}{fields.part_number:03x}{fields.revision:x}"
    )
    assert int(written, 16) == midr % 2**32
