"""Answers that are kept to be sent again."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from starlette.responses import Response

from app.api.models.boots import ListOut, SealedOut
from app.api.representations import Rendered, Representations
from app.domain.planning.advice import Advice
from app.domain.vms.advice import SealedBoot
from app.domain.vms.vm import Boot
from app.storage.reference_data import load_reference_data
from tests.domain import strategies as some
from tests.domain.outcomes import planned
from tests.domain.strategies import Situation


def rendered(size: int) -> Rendered:
    return Rendered("tag", Response(b"x" * size), Response())


def test_what_is_kept_longest_makes_room() -> None:
    kept = Representations(load_reference_data(None).names)
    for name in ("one", "two", "three"):
        kept.keep(name, rendered(30 * 2**20))
    assert [bool(kept.kept(name)) for name in ("one", "two", "three")] == [False, True, True]


def test_what_is_kept_twice_counts_once() -> None:
    kept = Representations(load_reference_data(None).names)
    for _ in range(5):
        kept.keep("one", rendered(30 * 2**20))
    kept.keep("two", rendered(30 * 2**20))
    assert kept.kept("one")
    assert kept.kept("two")


def test_what_is_larger_than_all_room_is_not_kept() -> None:
    kept = Representations(load_reference_data(None).names)
    answer = rendered(65 * 2**20)
    assert kept.keep("one", answer) is answer
    assert kept.kept("one") is None


@given(some.plannable())
def test_a_list_in_parts_is_the_list_as_its_model_renders_it(situation: Situation) -> None:
    names = load_reference_data(None).names
    kept = Representations(names)
    plan = planned(situation)
    boot = Boot(vm="vm-1", number=1, plan=plan, sealed_at=datetime(2026, 11, 22, 10, 0, 0, 5, UTC))
    for each in (boot, replace(boot, vm="vm-2", number=2, adopted=True)):
        assert kept.list_of(each) == ListOut.from_boot(each, names).model_dump_json().encode()
        for advice in ((), (Advice("exposed", "a detail"),)):
            sealed = SealedBoot(each, advice)
            assert kept.sealed(sealed) == SealedOut.from_sealed(sealed, names).model_dump_json().encode()
