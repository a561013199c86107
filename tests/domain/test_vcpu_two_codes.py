"""The rules against a second code that shares nothing with them: every pair of the views, also those never measured."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cpu.registers import format_register
from app.domain.vcpu import registers as ids
from app.domain.vcpu.rules import Kind, Way
from app.domain.vcpu.view import State
from tests.domain.kvm_data import documents, restorer, views
from tests.domain.plain_kvm import Answer, PlainKvm, hardware


def _by_the_rules(source: str, target: str, way: Way, sets_identity: bool) -> Answer:
    return _answer(views()[source], target, way, sets_identity)


def _answer(state: State, target: str, way: Way, sets_identity: bool) -> Answer:
    found = restorer().restore(state, views()[target], way, sets_identity=sets_identity)
    kinds = {each.kind for each in found.differences}
    return Answer(
        Kind.FEATURE_MISSING not in kinds,
        Kind.VECTOR_LENGTHS not in kinds,
        frozenset(map(format_register, found.missing)),
        frozenset(map(format_register, found.refused)),
    )


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("sets_identity", [False, True])
def test_both_codes_say_the_same(way: Way, sets_identity: bool) -> None:
    known = hardware(documents())
    differing = []
    for target, document in documents().items():
        kvm = PlainKvm(document, known)
        for source in documents():
            every = way is Way.ALL_REGISTERS
            plain = kvm.take(documents()[source], every_register=every, identity=sets_identity)
            if plain != _by_the_rules(source, target, way, sets_identity):
                differing.append((source, target))
    assert differing == []


COMPARED = sorted(
    register
    for register, value in views()["g73-max11"].registers.items()
    if value is not None and (ids.is_id(register) or register not in ids.VOLATILE)
)
"""Of all kinds: ID registers, the identity, caches, firmware, and those whose value is of no matter."""


@st.composite
def changes(draw: st.DrawFn) -> dict[int, int]:
    """Some fields of some registers: four bits each, as most fields are."""
    registers = draw(st.lists(st.sampled_from(COMPARED), min_size=1, max_size=6, unique=True))
    return {register: draw(st.integers(0, 15)) << 4 * draw(st.integers(0, 15)) for register in registers}


@given(
    source=st.sampled_from(sorted(documents())),
    target=st.sampled_from(sorted(documents())),
    way=st.sampled_from(Way),
    sets_identity=st.booleans(),
    changed=changes(),
)
def test_both_codes_say_the_same_of_states_that_no_cpu_has(
    source: str, target: str, way: Way, sets_identity: bool, changed: dict[int, int]
) -> None:
    view = views()[source]
    mended = {
        register: value ^ bits & (1 << ids.size_of(register)) - 1
        for register, bits in changed.items()
        if (value := view.registers.get(register)) is not None
    }
    document: dict[str, Any] = {**documents()[source]}
    document["registers"] = {
        **document["registers"],
        **{format_register(register): format_register(value) for register, value in mended.items()},
    }
    plain = PlainKvm(documents()[target], hardware(documents())).take(
        document, every_register=way is Way.ALL_REGISTERS, identity=sets_identity
    )
    state = replace(view.state(), registers={**view.registers, **mended})
    assert plain == _answer(state, target, way, sets_identity)
