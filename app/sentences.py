"""What Pydantic finds wrong, in sentences of ours: what is asked, and what was found. They follow a place."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

_SAID_AS_IT_IS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not a known key",
    "json_invalid": "is no valid JSON: {error}",
    "value_error": "{error}",
    "path_not_directory": "is no directory",
    "path_not_file": "is no file",
    "timezone_aware": "must name its zone, as in 2026-11-22T10:00:00Z",
    "string_pattern_mismatch": "has characters, or an order of them, that are not taken here",
}
"""Sentences by the type of the error, filled from its context."""

_ASKED: Final = {
    "string_type": "must be a string",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "int_from_float": "must be an integer",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "list_type": "must be an array",
    "tuple_type": "must be an array",
    "set_type": "must be an array",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "datetime_type": "must be a time such as 2026-11-22T10:00:00Z",
    "datetime_parsing": "must be a time such as 2026-11-22T10:00:00Z",
    "datetime_from_date_parsing": "must be a time such as 2026-11-22T10:00:00Z",
    "time_delta_type": "must be a duration such as PT15M",
    "time_delta_parsing": "must be a duration such as PT15M",
    "path_type": "must be a path",
}
"""The same for faults of a value, which is shown behind them."""

_LENGTHS: Final = {
    "string_too_short": ("must have at least {min_length} characters", "must not be empty"),
    "string_too_long": ("must have at most {max_length} characters", "must have at most one character"),
    "too_short": ("must have at least {min_length} items", "must not be empty"),
    "too_long": ("must have at most {max_length} items", "must have at most one item"),
}
"""Sentences for a limit of many, and of one."""

_LONGEST_SHOWN: Final = 40
"""Characters of a value that a sentence shows."""


def sentence(error: Mapping[str, Any]) -> str:
    """What is wrong, from an item of `ValidationError.errors()`; nothing of it is Pydantic's wording."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in _SAID_AS_IT_IS:
        return _SAID_AS_IT_IS[kind].format_map(context)
    if kind in _LENGTHS:
        of_many, of_one = _LENGTHS[kind]
        return (of_one if 1 in context.values() else of_many).format_map(context)
    asked = _ASKED.get(kind, "must be something else").format_map(context)
    return f"{asked}, not {shown(error['input'])}{_meant(error['input'], context.get('expected', ''))}"


def json_pointer(location: Sequence[int | str]) -> str:
    """The place of an error as a JSON Pointer (RFC 6901); empty for the whole document."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location)


def shown(value: object) -> str:
    """A value as JSON has it, shortened; an array or object only by its kind."""
    match value:
        case Mapping():
            return "an object"
        case list() | tuple():
            return "an array"
        case str() if len(value) > _LONGEST_SHOWN:
            return json.dumps(f"{value[:_LONGEST_SHOWN]}…", ensure_ascii=False)
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)


def near_miss(word: str, known: Iterable[str]) -> str:
    """Asks whether the nearest of the known words was meant; empty where none is near."""
    near = get_close_matches(word.lower(), known, n=1)
    return f": did you mean {near[0]}?" if near else ""


def _meant(value: object, expected: str) -> str:
    return near_miss(value, re.findall("'([^']*)'", expected)) if isinstance(value, str) else ""
