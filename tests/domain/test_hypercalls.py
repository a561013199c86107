"""The hypercalls bit for bit, and whether a guest that makes them learns its list."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cpu.implementation import Implementation
from app.domain.errors import NotRepresentable
from app.domain.guest.hypercalls import Abi, Arguments, FunctionId, Registers, all_calls, answer_call, function_named
from app.domain.planning.implementation_list import ImplementationList
from app.domain.planning.plan import Mode, Plan
from tests.domain import strategies as some
from tests.domain.guest_side import Told, ask_discover_implementation, ask_kvm, ask_rfc_v2
from tests.domain.samples import ALL_ONES, ALL_ZERO, HIGH_BITS, KUNPENG, N1, N1_REVIDR, V1, plan

VERSION, CPUS = 0xC600_0040, 0xC600_0041
ONE_CALL: Final = "DISCOVER_IMPLEMENTATION"
NUMBER, TARGETS = 0xC600_007D, 0xC600_007E

NOT_SUPPORTED: Final = (0xFFFF_FFFF_FFFF_FFFF, 0, 0, 0)
INVALID_PARAMETER: Final = (0xFFFF_FFFF_FFFF_FFFD, 0, 0, 0)


def many(count: int) -> Plan:
    return plan(*(Implementation(0x410F_0000 + index, index, 7) for index in range(count)))


def asked(sealed: Plan, abi: Abi, function: FunctionId, *arguments: int) -> Registers:
    x1, x2, x3 = (*arguments, 0, 0, 0)[:3]
    return answer_call(sealed, abi, function, (x1, x2, x3))


any_plans = st.lists(some.any_implementations, min_size=1, max_size=70).map(lambda entries: plan(*entries))
narrow = st.integers(0, 2**32 - 1)
narrow_plans = st.lists(
    st.builds(Implementation, narrow, narrow, some.registers).filter(lambda each: each.midr or each.revidr),
    min_size=1,
    max_size=64,
).map(lambda entries: plan(*entries))


# The API, kvm: DISCOVER_IMPL_VER → x0 0, x1 version (major<<16 | minor = 0x10000), x2 count, x3 0.


@pytest.mark.parametrize("count", [1, 4, 63, 64, 65, 4096])
def test_kvm_version(count: int) -> None:
    assert asked(many(count), Abi.KVM, VERSION) == (0, 0x10000, count, 0)


# DISCOVER_IMPL_CPUS (x1 index, x2 and x3 must be zero) → x0 0, x1 MIDR, x2 REVIDR, x3 AIDR.
@given(any_plans)
def test_kvm_entries(sealed: Plan) -> None:
    for index, each in enumerate(sealed.list):
        assert asked(sealed, Abi.KVM, CPUS, index) == (0, *each)


# index ≥ count or a non-zero reserved argument → x0 −3 (INVALID_PARAMETER), rest 0.
@pytest.mark.parametrize(
    "arguments",
    [
        (2,),
        (3,),
        (2**31,),
        (2**32,),
        (2**63,),
        (2**64 - 1,),
        (0, 1),
        (0, 0, 1),
        (1, 1, 1),
        (0, 2**63),
        (0, 0, 2**64 - 1),
        (2, 1),
    ],
)
def test_kvm_refuses(arguments: tuple[int, ...]) -> None:
    assert asked(plan(N1, V1), Abi.KVM, CPUS, *arguments) == INVALID_PARAMETER


def test_kvm_index_at_the_end() -> None:
    sealed = many(65)
    assert asked(sealed, Abi.KVM, CPUS, 63) == (0, 0x410F_003F, 63, 7)
    assert asked(sealed, Abi.KVM, CPUS, 64) == (0, 0x410F_0040, 64, 7)
    assert asked(sealed, Abi.KVM, CPUS, 65) == INVALID_PARAMETER


# The API, discover-implementation: x0 highest valid index (count − 1), x1 MIDR, x2 REVIDR; −1 on error.


@given(any_plans)
def test_one_call_entries(sealed: Plan) -> None:
    for index, each in enumerate(sealed.list):
        expected = (len(sealed.list) - 1, each.midr, each.revidr, 0)
        assert asked(sealed, Abi.DISCOVER_IMPLEMENTATION, ONE_CALL, index) == expected


@pytest.mark.parametrize("index", [2, 3, 2**32, 2**63, 2**64 - 1])
def test_one_call_refuses(index: int) -> None:
    assert asked(plan(N1, V1), Abi.DISCOVER_IMPLEMENTATION, ONE_CALL, index) == NOT_SUPPORTED


# The API, rfc-v2: count in bits 0–31, version 1.0 in bits 32–63 (0x10000).


@pytest.mark.parametrize("count", [1, 4, 63, 64])
def test_rfc_number(count: int) -> None:
    assert asked(many(count), Abi.RFC_V2, NUMBER) == (0x0001_0000_0000_0000 | count, 0, 0, 0)


# "up to four per call in x0–x3, MIDR in bits 0–31 and REVIDR in 32–63, zero marks the end"
@pytest.mark.parametrize(
    ("first", "returns"),
    [
        (0, (0x0000_0000_413F_D0C1, 0x0000_0001_413F_D0C1, 0x0000_0000_481F_D010, 0x0000_0001_411F_D401)),
        (1, (0x0000_0001_413F_D0C1, 0x0000_0000_481F_D010, 0x0000_0001_411F_D401, 0xFFFF_FFFF_FFFF_FFFF)),
        (3, (0x0000_0001_411F_D401, 0xFFFF_FFFF_FFFF_FFFF, 0, 0)),
        (4, (0xFFFF_FFFF_FFFF_FFFF, 0, 0, 0)),
        (5, (0, 0, 0, 0)),
        (2**64 - 1, (0, 0, 0, 0)),
    ],
)
def test_rfc_entries(first: int, returns: Registers) -> None:
    sealed = plan(N1, N1_REVIDR, KUNPENG, V1, Implementation(2**32 - 1, 2**32 - 1, 0))
    assert asked(sealed, Abi.RFC_V2, TARGETS, first) == returns


# "A list with over 64 entries, or a register with bits above 31, cannot be told this way"; nor can zero, the end mark.
@pytest.mark.parametrize(
    ("sealed", "complaint"),
    [
        (many(65), "at most 64 implementations; here are 65"),
        (many(4096), "here are 4096"),
        (plan(N1, Implementation(2**32, 0, 0)), "MIDR 0x100000000 with REVIDR 0x0 does not fit"),
        (plan(N1, Implementation(N1.midr, 2**32, 0)), "MIDR 0x413fd0c1 with REVIDR 0x100000000 does not fit"),
        (plan(N1, HIGH_BITS), "does not fit"),
        (plan(ALL_ONES), "does not fit"),
        (plan(N1, ALL_ZERO), "MIDR 0x0 with REVIDR 0x0 does not fit"),
        (plan(N1, Implementation(0, 0, 5)), "MIDR 0x0 with REVIDR 0x0 does not fit"),
    ],
)
@pytest.mark.parametrize("function", [NUMBER, TARGETS])
def test_what_rfc_cannot_tell(sealed: Plan, complaint: str, function: FunctionId) -> None:
    with pytest.raises(NotRepresentable, match=complaint) as refused:
        asked(sealed, Abi.RFC_V2, function)
    assert refused.value.code == "not_representable"
    with pytest.raises(NotRepresentable, match=complaint):
        all_calls(sealed, Abi.RFC_V2)


def test_what_rfc_can_just_tell() -> None:
    assert asked(plan(Implementation(2**32 - 1, 0, 2**64 - 1)), Abi.RFC_V2, TARGETS)[0] == 0xFFFF_FFFF
    assert asked(plan(Implementation(0, 1, 0)), Abi.RFC_V2, TARGETS)[0] == 1 << 32
    assert asked(many(64), Abi.RFC_V2, TARGETS, 60)[3] == 63 << 32 | 0x410F_003F


def test_the_other_abis_tell_every_list() -> None:
    for sealed in (many(65), plan(ALL_ZERO), plan(HIGH_BITS, ALL_ONES, ALL_ZERO)):
        assert ask(sealed, Abi.KVM) == [Told(*each) for each in sealed.list]
        assert ask(sealed, Abi.DISCOVER_IMPLEMENTATION) == [Told(*each[:2], None) for each in sealed.list]


# Any other function id gives −1 in x0 (NOT_SUPPORTED).


@pytest.mark.parametrize("abi", Abi)
@pytest.mark.parametrize(
    "function", [0, 1, 0xC600_003F, 0xC600_0042, 0x8600_0040, 0x1_C600_0040, 2**64 - 1, "", "SOMETHING_ELSE"]
)
def test_other_functions(abi: Abi, function: FunctionId) -> None:
    assert asked(plan(N1), abi, function) == NOT_SUPPORTED


@pytest.mark.parametrize(
    ("abi", "functions"),
    [
        (Abi.KVM, (NUMBER, TARGETS, ONE_CALL)),
        (Abi.DISCOVER_IMPLEMENTATION, (VERSION, CPUS, NUMBER, TARGETS)),
        (Abi.RFC_V2, (VERSION, CPUS, ONE_CALL)),
    ],
)
def test_functions_of_another_abi(abi: Abi, functions: tuple[FunctionId, ...]) -> None:
    assert {asked(plan(N1), abi, function) for function in functions} == {NOT_SUPPORTED}


@given(st.sampled_from(Abi), st.integers(0, 2**64 - 1) | st.sampled_from([VERSION, CPUS, NUMBER, TARGETS]), st.data())
def test_every_answer_is_four_unsigned_registers(abi: Abi, function: int, data: st.DataObject) -> None:
    arguments: Arguments = data.draw(st.tuples(some.registers, some.registers, some.registers))
    for register in answer_call(plan(N1, V1), abi, function, arguments):
        assert 0 <= register < 2**64


# In homogeneous mode every call of every ABI answers −1, for the hypercalls are hidden.


@given(any_plans, st.sampled_from(Abi), st.sampled_from([VERSION, CPUS, NUMBER, TARGETS, ONE_CALL]), st.integers(0, 9))
def test_homogeneous_hides_everything(sealed: Plan, abi: Abi, function: FunctionId, index: int) -> None:
    hidden = replace(sealed, mode=Mode.HOMOGENEOUS)
    assert asked(hidden, abi, function, index) == NOT_SUPPORTED
    assert {call.returns for call in all_calls(hidden, abi)} == {NOT_SUPPORTED}


@pytest.mark.parametrize("abi", Abi)
def test_a_homogeneous_guest_learns_nothing(abi: Abi) -> None:
    assert ask(replace(plan(N1), mode=Mode.HOMOGENEOUS), abi) is None


# The guest's own way of asking, through the calls that are listed for it.

GUESTS: Final = {
    Abi.KVM: ask_kvm,
    Abi.DISCOVER_IMPLEMENTATION: ask_discover_implementation,
    Abi.RFC_V2: ask_rfc_v2,
}


def ask(sealed: Plan, abi: Abi) -> list[Told] | None:
    """What a guest learns, which makes exactly the calls that are listed, in their order."""
    listed = [(call.function.id, call.arguments, call.returns) for call in all_calls(sealed, abi)]
    made = []

    def call(function: FunctionId, arguments: Arguments) -> Registers:
        returns = answer_call(sealed, abi, function, arguments)
        made.append((function, arguments, returns))
        return returns

    told = GUESTS[abi](call)
    assert made == (listed if told is not None else listed[:1])
    return told


@given(any_plans)
def test_a_guest_learns_its_list_from_kvm(sealed: Plan) -> None:
    assert ask(sealed, Abi.KVM) == [Told(*each) for each in sealed.list]


@given(any_plans)
def test_a_guest_learns_midr_and_revidr_from_one_call(sealed: Plan) -> None:
    assert ask(sealed, Abi.DISCOVER_IMPLEMENTATION) == [Told(each.midr, each.revidr, None) for each in sealed.list]


@given(narrow_plans)
def test_a_guest_learns_midr_and_revidr_from_rfc(sealed: Plan) -> None:
    assert ask(sealed, Abi.RFC_V2) == [Told(each.midr, each.revidr, None) for each in sealed.list]


# The API: "every call the guest can make with its registers", in the order in which it makes them.


def test_all_calls_of_kvm() -> None:
    calls = all_calls(plan(N1, HIGH_BITS), Abi.KVM)
    assert [(call.function.name, call.function.id, call.arguments, call.returns) for call in calls] == [
        ("DISCOVER_IMPL_VER", 0xC600_0040, (0, 0, 0), (0, 0x10000, 2, 0)),
        ("DISCOVER_IMPL_CPUS", 0xC600_0041, (0, 0, 0), (0, 0x413FD0C1, 0, 0)),
        ("DISCOVER_IMPL_CPUS", 0xC600_0041, (1, 0, 0), (0, 0x8000_0000_413F_D0C1, 2**63, 2**64 - 1)),
    ]


def test_all_calls_of_the_one_call() -> None:
    calls = all_calls(plan(N1, V1), Abi.DISCOVER_IMPLEMENTATION)
    assert [(call.function.name, call.function.id, call.arguments, call.returns) for call in calls] == [
        ("DISCOVER_IMPLEMENTATION", "DISCOVER_IMPLEMENTATION", (0, 0, 0), (1, 0x413FD0C1, 0, 0)),
        ("DISCOVER_IMPLEMENTATION", "DISCOVER_IMPLEMENTATION", (1, 0, 0), (1, 0x411FD401, 1, 0)),
    ]


@pytest.mark.parametrize(("count", "firsts"), [(1, [0]), (3, [0]), (4, [0, 4]), (5, [0, 4]), (64, [*range(0, 65, 4)])])
def test_all_calls_of_rfc(count: int, firsts: list[int]) -> None:
    """A last call where the entries fill the one before: the guest reads on until it meets a zero."""
    number, *pages = all_calls(many(count), Abi.RFC_V2)
    assert (number.function.name, number.function.id, number.arguments) == ("MIGRN_TARGET_NUM", NUMBER, (0, 0, 0))
    assert {(page.function.name, page.function.id) for page in pages} == {("MIGRN_TARGET_CPUS", TARGETS)}
    assert [page.arguments for page in pages] == [(first, 0, 0) for first in firsts]
    assert 0 in pages[-1].returns


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("DISCOVER_IMPL_VER", VERSION),
        ("DISCOVER_IMPL_CPUS", CPUS),
        ("DISCOVER_IMPLEMENTATION", "DISCOVER_IMPLEMENTATION"),
        ("MIGRN_TARGET_NUM", NUMBER),
        ("MIGRN_TARGET_CPUS", TARGETS),
        ("discover_impl_ver", None),
        ("", None),
    ],
)
def test_functions_by_name(name: str, function: FunctionId | None) -> None:
    assert function_named(name) == function


def test_there_is_no_list_without_entries() -> None:
    with pytest.raises(ValueError, match="at least one entry"):
        ImplementationList(())
