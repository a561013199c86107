import hashlib
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cpu.implementation import Implementation
from app.domain.planning.implementation_list import ABI_VERSION, ImplementationList
from tests.domain import strategies as some
from tests.domain.samples import KUNPENG, N1, N1_AIDR, N1_REVIDR, V1

any_lists = st.lists(some.any_implementations, min_size=1, max_size=70).map(
    lambda entries: ImplementationList(tuple(entries))
)


def by_hand(entries: tuple[Implementation, ...]) -> bytes:
    return b"".join(value.to_bytes(8, "big") for entry in entries for value in entry)


# SHA-256 over the entries, each 24 bytes: MIDR, REVIDR, AIDR, big-endian.
@given(any_lists)
def test_the_binary_form_and_its_digest(each: ImplementationList) -> None:
    assert each.binary == by_hand(each.entries)
    assert len(each.binary) == 24 * len(each)
    assert each.digest == "sha256:" + hashlib.sha256(by_hand(each.entries)).hexdigest()


@given(any_lists)
def test_the_binary_form_reads_back(each: ImplementationList) -> None:
    again = ImplementationList.from_binary(each.binary)
    assert again == each
    assert again.digest == each.digest


def test_a_digest_that_was_computed_elsewhere() -> None:
    # printf '\0\0\0\0A?\xd0\xc1' with 16 zero bytes behind it, through sha256sum
    assert ImplementationList((N1,)).binary.hex() == "00000000413fd0c1" + "0" * 32
    assert ImplementationList((N1,)).digest == "sha256:cb809b36782be425fc3532a8c9e60cdbb0b70966074a1d45a84e6ada8955003a"


def test_every_order_and_every_register_has_a_digest_of_its_own() -> None:
    lists = [*permutations((N1, N1_REVIDR, V1)), (N1, N1_AIDR, V1), (N1, V1), (N1,), (V1,)]
    assert len({ImplementationList(each).digest for each in lists}) == len(lists)


# The API: "the value of one -M option".
def test_the_example_of_the_api() -> None:
    start = "impl-cpu.0.midr=0x413fd0c1,impl-cpu.0.revidr=0x0,impl-cpu.0.aidr=0x0,impl-cpu.1.midr="
    assert ImplementationList((N1, V1)).qemu == start + "0x411fd401,impl-cpu.1.revidr=0x1,impl-cpu.1.aidr=0x0"


@given(any_lists)
def test_the_qemu_option_says_the_list(each: ImplementationList) -> None:
    said = [part.split("=") for part in each.qemu.split(",")]
    assert [key for key, _ in said] == [
        f"impl-cpu.{index}.{register}" for index in range(len(each)) for register in ("midr", "revidr", "aidr")
    ]
    values = [int(value, 16) for _, value in said]
    assert values == [value for entry in each for value in entry]
    assert all(value == hex(int(value, 16)) for _, value in said)


def test_a_list_has_at_least_one_entry() -> None:
    with pytest.raises(ValueError, match="at least one entry"):
        ImplementationList(())
    with pytest.raises(ValueError, match="at least one entry"):
        ImplementationList.from_binary(b"")


def test_what_is_read_of_a_list() -> None:
    both = ImplementationList((KUNPENG, N1))
    assert both.vcpu_identity == KUNPENG
    assert list(both) == [KUNPENG, N1]
    assert len(both) == 2
    assert both.members == {N1, KUNPENG}
    assert ABI_VERSION == (1, 0)
