"""What is kept is bounded in bytes."""

from app.kept import Kept


def kept(**values: str) -> Kept[str]:
    found: Kept[str] = Kept(10, len)
    for key, value in values.items():
        assert found.keep(key, value) == value
    return found


def test_the_oldest_make_room() -> None:
    found = kept(a="1234", b="5678", c="90", d="abc")
    assert [found.get(key) for key in "abcd"] == [None, "5678", "90", "abc"]


def test_what_is_kept_anew_counts_once_and_is_young_again() -> None:
    found = kept(a="1234", b="5678")
    found.keep("a", "12")
    found.keep("c", "9012")
    assert [found.get(key) for key in "abc"] == ["12", "5678", "9012"]
    found.keep("d", "3")
    assert [found.get(key) for key in "abcd"] == ["12", None, "9012", "3"]


def test_what_is_larger_than_all_is_not_kept_and_nothing_makes_room_for_it() -> None:
    found = kept(a="1", b="more than ten")
    assert [found.get(key) for key in "ab"] == ["1", None]
    found.keep("a", "more than ten")
    assert found.get("a") is None
