"""Every fault that a model of ours can have is told in words of ours."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AwareDatetime, DirectoryPath, Field, TypeAdapter, ValidationError

from app.sentences import json_pointer, near_miss, sentence
from app.storage.reference.documents import Document


class _Row(Document):
    name: str


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (str, 7, "must be a string, not 7: put it in quotes"),
        (str, 6.18, "must be a string, not 6.18: put it in quotes"),
        (str, None, "must be a string, not null"),
        (int, "seven", 'must be an integer, not "seven"'),
        (int, 1.5, "must be an integer, not 1.5"),
        (int, None, "must be an integer, not null"),
        (float, [], "must be a number, not an array"),
        (bool, "perhaps", 'must be true or false, not "perhaps"'),
        (list[int], {}, "must be an array, not an object"),
        (dict[str, int], "x" * 41, f'must be an object, not "{"x" * 40}…"'),
        (_Row, [1], "must be an object, not an array"),
        (_Row, {}, "is missing"),
        (_Row, {"name": "", "naem": ""}, "is not a known key: did you mean name? Known: name"),
        (list[_Row], [{"name": "", "what": ""}], "is not a known key. Known: name"),
        (dict[str, _Row], {"a": {"name": "", "what": ""}}, "is not a known key. Known: name"),
        (Literal["active", "planned"], "Activ", "must be 'active' or 'planned', not \"Activ\": did you mean active?"),
        (Literal["active", "planned"], "x", "must be 'active' or 'planned', not \"x\""),
        (Annotated[int, Field(ge=1)], 0, "must be at least 1, not 0"),
        (Annotated[int, Field(le=9)], 10, "must be at most 9, not 10"),
        (Annotated[int, Field(gt=1)], 1, "must be more than 1, not 1"),
        (Annotated[int, Field(lt=9)], 9, "must be less than 9, not 9"),
        (Annotated[str, Field(min_length=1)], "", "must not be empty"),
        (Annotated[str, Field(min_length=3)], "ab", "must have at least 3 characters"),
        (Annotated[str, Field(max_length=3)], "abcd", "must have at most 3 characters"),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "must have at most one item"),
        (Annotated[str, Field(pattern="^[a-z]$")], "A", "has characters, or an order of them, that are not taken here"),
        (datetime, "soon", 'must be a time such as 2026-11-22T10:00:00Z, not "soon"'),
        (AwareDatetime, "2026-11-22T10:00:00", "must name its zone, as in 2026-11-22T10:00:00Z"),
        (timedelta, "long", 'must be a duration such as 15m or PT15M, not "long"'),
        (DirectoryPath, "/no/such", 'must be a directory that is there, not "/no/such"'),
        (Path, 7, "must be a path, not 7"),
        (complex, "one", 'must be something else, not "one"'),
    ],
)
def test_says_what_is_asked_and_what_was_found(kind: Any, value: object, said: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        TypeAdapter(kind).validate_python(value)
    assert [sentence(error, kind) for error in refusal.value.errors()] == [said]


def test_a_place_is_a_json_pointer() -> None:
    assert json_pointer(["entries", 0, "a/b~c"]) == "/entries/0/a~1b~0c"
    assert json_pointer([]) == ""


def test_a_word_that_is_near_is_asked_for() -> None:
    assert near_miss("match_label", ["match_labels", "zone"]) == ": did you mean match_labels?"
    assert near_miss("abc", ["match_labels"]) == ""
