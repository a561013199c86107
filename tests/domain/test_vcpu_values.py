"""Values that no measured restore has: the rules as they were read in Linux (F4 to F8)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.vcpu import registers as ids
from app.domain.vcpu.id_registers import Field, Safe
from app.domain.vcpu.restore import Restorer
from app.domain.vcpu.rules import Difference, Way
from app.domain.vcpu.view import View
from tests.domain.kvm_data import id_registers, restorer, views

N1_61 = "g61-neoverse-n1"
N1_612 = "g612-neoverse-n1"
N1_73 = "g73-neoverse-n1"
CCSIDR_0 = 0x6020_0000_0011_0000


def changed(view: View, register: int, value: int) -> View:
    return replace(view, registers={**view.registers, register: value})


def content(value: int, shift: int, wanted: int, width: int = 4) -> int:
    mask = (1 << width) - 1
    return value & ~(mask << shift) | wanted << shift


def asked(view: View, register: int, value: int, *, sets_identity: bool = False) -> tuple[Difference, ...]:
    """What the host says to a VM of its own that has another value in one register."""
    state = changed(view, register, value).state()
    return restorer().restore(state, view, Way.OWN_REGISTERS, sets_identity=sets_identity).differences


def rules_of(found: tuple[Difference, ...]) -> set[tuple[str, str | None]]:
    return {(each.rule.number, each.field) for each in found}


@pytest.mark.parametrize(
    ("host", "register", "shift", "wanted", "expected"),
    [
        (N1_73, ids.PFR0, 0, 0, {("F6", "EL0")}),
        (N1_73, ids.PFR0, 4, 0, {("F6", "EL1")}),
        (N1_73, ids.PFR0, 0, 1, set()),
        (N1_612, ids.PFR0, 0, 0, set()),
        (N1_73, ids.DFR0, 0, 5, {("F6", "DebugVer")}),
        (N1_73, ids.DFR0, 0, 6, set()),
        (N1_73, ids.DFR0, 8, 0xF, set()),
        (N1_73, ids.DFR0, 8, 0xE, {("F5", "PMUVer")}),
        (N1_73, ids.ID_DFR0, 0, 5, {("F6", "CopDbg")}),
        (N1_73, ids.ID_DFR0, 24, 1, {("F6", "PerfMon")}),
        (N1_73, ids.ID_DFR0, 24, 2, {("F6", "PerfMon")}),
        (N1_73, ids.ID_DFR0, 24, 3, set()),
        (N1_73, ids.ID_DFR0, 24, 0xF, set()),
        (N1_61, ids.PFR0, 56, 0, set()),
        (N1_61, ids.PFR0, 60, 0, set()),
        (N1_61, ids.PFR0, 56, 2, {("F5", "CSV2")}),
        (N1_61, ids.PFR0, 0, 1, {("F5", "EL0")}),
        (N1_61, ids.DFR0, 8, 0, {("F5", "PMUVer")}),
    ],
)
def test_fields_with_a_rule_of_their_own(
    host: str, register: int, shift: int, wanted: int, expected: set[tuple[str, str]]
) -> None:
    view = views()[host]
    assert rules_of(asked(view, register, content(view.value(register), shift, wanted))) == expected


def test_virtually_indexed_caches_do_not_become_physically_indexed() -> None:
    """CTR_EL0.L1Ip: PIPT is 3, VIPT is 2."""
    host = views()[N1_73]
    pipt = changed(host, ids.CTR, content(host.value(ids.CTR), 14, 3, 2))
    vipt = changed(host, ids.CTR, content(host.value(ids.CTR), 14, 2, 2))
    assert not asked(pipt, ids.CTR, vipt.value(ids.CTR))
    assert rules_of(asked(vipt, ids.CTR, pipt.value(ids.CTR))) == {("F5", "L1Ip")}
    aivivt = content(host.value(ids.CTR), 14, 1, 2)
    assert {field for _, field in rules_of(asked(pipt, ids.CTR, aivivt))} == {"L1Ip"}


def test_bits_that_nobody_tracks_are_those_of_the_host() -> None:
    """A bit in the mask is no permission (F5)."""
    host = views()[N1_73]
    register = ids.system(0xC029)
    open_mask = replace(host, writable_masks={**(host.writable_masks or {}), register: 2**64 - 1})
    found = asked(open_mask, register, 1 << 63)
    assert {each.register for each in found} == {register}


@pytest.mark.parametrize("register", sorted(ids.AARCH32_ID))
def test_without_aarch32_its_registers_are_ignored(register: int) -> None:
    host = views()["g73-a64fx"]
    assert host.value(ids.PFR0) & 0xF == 1
    assert not asked(host, register, 0x1234_5678)


@pytest.mark.parametrize("register", [ids.system(0xC00B), ids.system(0xC01D)])
def test_two_registers_of_aarch32_are_never_ignored(register: int) -> None:
    assert {each.register for each in asked(views()["g73-a64fx"], register, 1)} == {register}


@pytest.mark.parametrize(
    ("host", "value", "sets_identity", "taken"),
    [
        (N1_73, 0x410F_D4F1, True, True),
        (N1_73, 0x410F_D4F1, False, False),
        (N1_73, 0x1_410F_D4F1, True, False),
        (N1_612, 0x410F_D4F1, True, False),
    ],
)
def test_another_identity_needs_the_capability_and_its_use(
    host: str, value: int, sets_identity: bool, taken: bool
) -> None:
    found = asked(views()[host], ids.MIDR, value, sets_identity=sets_identity)
    assert rules_of(found) == (set() if taken else {("F4", None)})


@pytest.mark.parametrize(
    ("register", "limit", "wanted", "taken"),
    [
        (ids.PSCI_VERSION, 0x1_0003, 0x1_0001, True),
        (ids.PSCI_VERSION, 0x1_0003, 0x0_0002, True),
        (ids.PSCI_VERSION, 0x1_0003, 0x0_0001, False),
        (ids.PSCI_VERSION, 0x1_0001, 0x1_0003, False),
        (ids.PSCI_VERSION, 0x1_0003, 0x1_0004, False),
        (ids.WORKAROUND_1, 1, 0, True),
        (ids.WORKAROUND_1, 1, 2, False),
        (ids.WORKAROUND_2, 0, 1, True),
        (ids.WORKAROUND_2, 0, 2, False),
        (ids.WORKAROUND_2, 2, 3, True),
        (ids.WORKAROUND_3, 2, 1, True),
        (ids.WORKAROUND_3, 0, 1, False),
        (0x6030_0000_0016_0002, 3, 1, True),
        (0x6030_0000_0016_0002, 1, 3, False),
        (ids.VENDOR_HYP_BITMAP_2, 0, 3, True),
        (ids.VENDOR_HYP_BITMAP_2, 0, 4, False),
    ],
)
def test_firmware(register: int, limit: int, wanted: int, taken: bool) -> None:
    found = asked(changed(views()[N1_73], register, limit), register, wanted)
    assert rules_of(found) == (set() if taken else {("F8", None)})


@pytest.mark.parametrize(
    ("host", "limit", "wanted", "taken"),
    [
        (N1_73, 2, 3, True),
        (N1_73, 2, 0x701F_E01A, True),
        (N1_73, 2, 1, False),
        (N1_61, 2, 3, False),
    ],
)
def test_cache_lines_are_no_shorter(host: str, limit: int, wanted: int, taken: bool) -> None:
    found = asked(changed(views()[host], CCSIDR_0, limit), CCSIDR_0, wanted)
    assert rules_of(found) == (set() if taken else {("F7", None)})


@pytest.mark.parametrize(
    ("coherent", "level_of_coherence", "taken"), [(True, 0, True), (False, 0, False), (False, 3, True)]
)
def test_a_clidr_that_claims_coherence_needs_it(coherent: bool, level_of_coherence: int, taken: bool) -> None:
    host = changed(views()[N1_73], ids.CLIDR, 0x0900_0023 | 1 << 21)
    host = changed(host, ids.CTR, content(host.value(ids.CTR), 28, int(coherent), 1))
    wanted = 1 << 27 | 1 << 21 | level_of_coherence << 24 | 0x3
    assert rules_of(asked(host, ids.CLIDR, wanted)) == (set() if taken else {("F7", None)})


def test_a_clidr_with_bits_that_no_cpu_has_is_refused() -> None:
    host = views()[N1_73]
    assert rules_of(asked(host, ids.CLIDR, host.value(ids.CLIDR) | 1 << 63)) == {("F7", None)}


def test_what_newer_kernels_hide_is_learnt_from_older_ones() -> None:
    """F6: a host whose hardware has NV takes it as 0. Where nobody knows that it has, it counts as refused."""
    state, host = views()["g612-neoverse-n2"].state(), views()["g618-max"]
    known = restorer().restore(state, host, Way.OWN_REGISTERS)
    unknown = Restorer(id_registers()).restore(state, host, Way.OWN_REGISTERS)
    assert ids.MMFR2 not in known.refused
    assert unknown.refused - known.refused == {ids.MMFR2}


def test_the_same_cpu_is_knowledge_enough() -> None:
    state, host = views()["g612-neoverse-v1"].state(), views()["g618-neoverse-v1"]
    assert ids.MMFR2 not in Restorer(id_registers()).restore(state, host, Way.OWN_REGISTERS).refused


SIGNED = Field(name="TGRAN4", shift=28, width=4, signed=True, safe=Safe.LOWER)


def test_of_a_signed_field_the_highest_number_is_the_lowest_value() -> None:
    assert SIGNED.safest(0xF, 0) == 0xF
    assert SIGNED.takes(0xF, 0)
    assert not SIGNED.takes(0, 0xF)


@given(
    safe=st.sampled_from([*Safe, None]),
    signed=st.booleans(),
    one=st.integers(0, 15),
    other=st.integers(0, 15),
    third=st.integers(0, 15),
)
def test_a_safe_value_is_safe_for_both(safe: Safe | None, signed: bool, one: int, other: int, third: int) -> None:
    field = Field(name="X", shift=0, width=4, signed=signed, safe=safe)
    assert field.safest(one, other) == field.safest(other, one)
    assert field.safest(one, one) == one
    assert field.takes(one, one)
    if safe in {Safe.LOWER, Safe.HIGHER}:
        together = field.safest(field.safest(one, other), third)
        assert all(field.takes(together, limit) for limit in (one, other, third))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("0x603000000013C000", "is written as"),
        ("0x13c000", "is written as"),
        ("0x6030000000100000", "no part of this"),
        ("0x606000000015ffff", "no part of this"),
        ("0x6030000000110000", "is no id"),
        ("0x6020000000130000", "is no id"),
        ("0x4030000000130000", "is no id"),
        ("0x6030000100130000", "is no id"),
        ("0x6030000000190000", "is no id"),
    ],
)
def test_what_is_no_id_of_kvm_is_refused(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        ids.parse_id(text)


def test_every_register_of_every_view_has_an_id_of_kvm() -> None:
    for view in views().values():
        assert all(ids.parse_id(f"{register:#018x}") == register for register in view.registers)
        assert all(value is None or value < 1 << ids.size_of(register) for register, value in view.registers.items())


def test_the_digest_is_of_contents_and_not_of_their_order() -> None:
    view = views()[N1_73]
    turned = replace(view, registers=dict(reversed(list(view.registers.items()))))
    assert (turned.digest, turned.view_digest) == (view.digest, view.view_digest)
    assert view.digest == view.state().digest != view.view_digest
    assert changed(view, ids.CTR, 1).digest != view.digest
    assert replace(view, capabilities={}).view_digest != view.view_digest
    assert replace(view, capabilities={}).digest == view.digest
