"""What Pydantic finds wrong, in sentences of ours: what is asked, and what was found. They follow a place."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, get_args

_SAID_AS_IT_IS: Final = {
    "missing": "is missing",
    "string_unicode": "must be text that Unicode can encode",
    "json_invalid": "is no valid JSON: {error}",
    "value_error": "{error}",
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
    "finite_number": "must be a number that is finite",
    "int_parsing_size": "must be an integer of fewer digits",
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
    "datetime_object_invalid": "must be a time such as 2026-11-22T10:00:00Z",
    "time_delta_type": "must be a duration such as 15m or PT15M",
    "time_delta_parsing": "must be a duration such as 15m or PT15M",
    "path_type": "must be a path",
    "path_not_directory": "must be a directory that is there",
    "path_not_file": "must be a file that is there",
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


_LONGEST_MEANT: Final = 100
"""Characters of a word that may be another one misspelt."""

_ROOT: Final = "root"
"""The one field of a model of something that is no object; it is no step of a place."""

_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e]")


def sentence(error: Mapping[str, Any], model: Any = None) -> str:
    """What is wrong, from an item of `ValidationError.errors()`; nothing of it is Pydantic's wording.

    With the model that was validated, an unknown key is told with those that are known in its place.
    """
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(str(error["loc"][-1]), _known_keys(model, error["loc"][:-1]))
    if kind in _SAID_AS_IT_IS:
        return _SAID_AS_IT_IS[kind].format_map(context)
    if kind in _LENGTHS:
        of_many, of_one = _LENGTHS[kind]
        return (of_one if 1 in context.values() else of_many).format_map(context)
    asked = _ASKED.get(kind, "must be something else").format_map(context)
    found = error["input"]
    if kind == "string_type" and isinstance(found, int | float):
        # YAML takes 6.18 for a number, and 6.10 for 6.1.
        return f"{asked}, not {shown(found)}: put it in quotes"
    return f"{asked}, not {shown(found)}{_meant(found, context.get('expected', ''))}"


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
        case str():
            return printable(json.dumps(_cut(value), ensure_ascii=False))
        case _:
            return _cut(json.dumps(value, ensure_ascii=False, default=str))


def printable(text: str) -> str:
    """The text with escapes for what is no visible character: it cannot end a line, nor move a terminal's cursor."""
    return _UNPRINTABLE.sub(_escaped, text)


def near_miss(word: str, known: Iterable[str]) -> str:
    """Asks whether the nearest of the known words was meant; empty where none is near."""
    words = {each.lower(): each for each in known}
    near = get_close_matches(word.lower(), words, n=1) if len(word) <= _LONGEST_MEANT else ()
    return f": did you mean {words[near[0]]}?" if near else ""


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _unknown(key: str, known: Sequence[str]) -> str:
    listed = f" Known: {', '.join(known)}" if known else ""
    return f"is not a known key{near_miss(key, known) or '.' * bool(listed)}{listed}"


def _known_keys(kind: Any, location: Sequence[int | str]) -> list[str]:
    """What an object at this place may have as keys. Steps that are no field are items, or keys of mappings."""
    models = list(_models(kind))
    for step in location:
        fields = [each.model_fields[step] for each in models if isinstance(step, str) and step in each.model_fields]
        models = [model for field in fields for model in _models(field.annotation)] if fields else models
    return sorted({field.alias or name for model in models for name, field in model.model_fields.items()})


def _models(kind: Any) -> Iterator[Any]:
    # Known by what they have: commands that ask the service use this module, and do not wait for Pydantic.
    fields = getattr(kind, "model_fields", None)
    if fields and _ROOT in fields:
        yield from _models(fields[_ROOT].annotation)
    elif fields is not None:
        yield kind
    for each in get_args(kind):
        yield from _models(each)


def _meant(value: object, expected: str) -> str:
    return near_miss(value, re.findall("'([^']*)'", expected)) if isinstance(value, str) else ""
