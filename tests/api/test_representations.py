"""Answers that are kept to be sent again."""

from starlette.responses import Response

from app.api.representations import Rendered, Representations
from app.storage.reference_data import load_reference_data


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
