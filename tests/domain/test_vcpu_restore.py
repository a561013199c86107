from collections import Counter
from dataclasses import replace

import pytest

from app.domain.vcpu import registers as ids
from app.domain.vcpu.rules import RULES, Kind, Way
from app.domain.vcpu.view import Feature, View, narrowed
from tests.domain.kvm_data import Measured, restorer, restores, views

KINDS_OF_INIT = {"VCPU_INIT": Kind.FEATURE_MISSING, "SVE_VLS": Kind.VECTOR_LENGTHS}


def _answer(measured: Measured) -> tuple[str | None, frozenset[int], frozenset[int]]:
    """What the rules say, in the form in which KVM was asked."""
    found = restorer().restore(
        views()[measured.source].state(),
        views()[measured.target],
        measured.way,
        sets_identity=measured.sets_identity,
    )
    kinds = {each.kind for each in found.differences}
    init = next((name for name, kind in KINDS_OF_INIT.items() if kind in kinds), None)
    return (init, frozenset(), frozenset()) if init else (None, found.missing, found.refused)


def test_every_measured_restore_is_foretold() -> None:
    wrong = Counter(
        (each.source, each.target, each.way)
        for each in restores()
        if _answer(each) != (each.init, each.missing, each.refused)
    )
    assert len(restores()) == 6000
    assert not wrong


def test_a_field_is_told_in_words() -> None:
    found = restorer().restore(views()["g73-neoverse-v1"].state(), views()["g73-neoverse-n1"], Way.OWN_REGISTERS)
    told = {each.told("h7") for each in found.differences}
    assert "ID_AA64MMFR2_EL1.EVT: the VM has 2, h7 gives 0, and its KVM cannot change it" in told
    assert "sve: the VM has it, h7 does not" in told
    assert any(each.startswith("ID_AA64ISAR1_EL1.BF16: the VM has 1, h7 gives 0, and its KVM takes") for each in told)


def test_a_newer_psci_goes_to_no_older_kernel_and_back_is_no_matter() -> None:
    older, newer = views()["g612-neoverse-n1"], views()["g618-neoverse-n1"]
    there = restorer().restore(newer.state(), older, Way.OWN_REGISTERS)
    back = restorer().restore(older.state(), newer, Way.OWN_REGISTERS)
    assert ids.PSCI_VERSION in there.refused
    assert ids.PSCI_VERSION not in back.refused


@pytest.mark.parametrize(("way", "vanishes"), [(Way.OWN_REGISTERS, False), (Way.ALL_REGISTERS, True)])
def test_a_vmm_that_writes_all_registers_fails_where_they_vanish(way: Way, vanishes: bool) -> None:
    """F10(b): the VM has neither the field nor the register, the host has both."""
    host = views()["g618-max11"]
    shown = {ids.system(0xC103): 0, ids.system(0xC083): 4, ids.system(0xC512): 8, ids.system(0xC513): 8}
    plain = host.registers | {ids.MMFR3: 0}  # type: ignore[operator]
    state = replace(host.state(), registers={key: value for key, value in plain.items() if key not in shown})
    assert restorer().restore(state, host, way).refused == (frozenset(shown) if vanishes else frozenset())


def test_a_register_without_its_field_vanishes_under_every_vmm() -> None:
    """F10(a): kernels from 6.5 to 6.12 list TCR2_EL1 always."""
    host = views()["g618-max11"]
    state = replace(host.state(), registers={**host.registers, ids.MMFR3: host.value(ids.MMFR3) & ~0xF})
    assert restorer().restore(state, host, Way.OWN_REGISTERS).refused == {ids.system(0xC103)}


def test_changes_that_kvm_lets_pass_are_told_and_do_not_fail() -> None:
    host = views()["g73-neoverse-n1"]
    counters = host.value(ids.PMCR) | 0x1F << 11
    state = replace(
        host.state(), counter_frequency=25_000_000, dczid=4, registers={**host.registers, ids.PMCR: counters}
    )
    found = restorer().restore(state, replace(host, dczid=5), Way.OWN_REGISTERS)
    assert [each.name for each in found.differences] == ["counter_frequency", "dczid_el0", "pmu_counters"]
    assert found.succeeds


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("name", views())
def test_a_host_takes_its_own_state(name: str, way: Way) -> None:
    host = views()[name]
    assert not restorer().restore(host.state(), host, way).differences


def _succeeding() -> list[tuple[View, View, Way]]:
    pairs = {(each.source, each.target, each.way) for each in restores()}
    found = ((views()[source], views()[target], way) for source, target, way in sorted(pairs))
    return [each for each in found if restorer().restore(each[0].state(), each[1], each[2]).succeeds]


def test_dropping_a_feature_never_makes_a_restore_fail_that_succeeded() -> None:
    dropped = [Feature.PMU_V3, Feature.SVE, Feature.PTRAUTH_ADDRESS]
    assert len(_succeeding()) > 100
    for source, target, way in _succeeding():
        for feature in dropped:
            gone = {feature, Feature.PTRAUTH_GENERIC} if feature is Feature.PTRAUTH_ADDRESS else {feature}
            state = narrowed(source.state(), source.features - gone)
            assert restorer().restore(state, target, way).succeeds, (source, target, way, feature)


def test_who_writes_fewer_registers_fails_at_no_more() -> None:
    for measured in restores()[:2000]:
        source, target = views()[measured.source].state(), views()[measured.target]
        own = restorer().restore(source, target, Way.OWN_REGISTERS)
        every = restorer().restore(source, target, Way.ALL_REGISTERS)
        assert set(own.differences) <= set(every.differences)


def test_to_write_the_identity_makes_nothing_fail() -> None:
    for measured in restores()[:2000]:
        source, target = views()[measured.source].state(), views()[measured.target]
        with_it = restorer().restore(source, target, measured.way, sets_identity=True)
        without = restorer().restore(source, target, measured.way)
        assert set(with_it.differences) <= set(without.differences)
        assert without.refused - with_it.refused <= ids.IDENTITY


def test_every_rule_says_where_it_is_from() -> None:
    assert len({each.code for each in RULES}) == len({each.number for each in RULES}) == len(RULES)
    assert all(each.source for each in RULES)
