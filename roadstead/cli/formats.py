"""Answers for programs: the formats that people know from kubectl. A list is written while it arrives."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from roadstead.cli.definitions import as_yaml

_NAMED: Final = ("name", "id", "boot", "digest", "host")
"""Fields by one of which other commands know what an answer is about; the first that it has."""


class ForPrograms(NamedTuple):
    """How answers are written in a format."""

    document: Callable[[object], str]
    listed: Callable[[Iterable[object]], Iterator[str]]
    between: str = ""
    """Stands between the answers of a command that has several."""


def _json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _json_array(documents: Iterable[object]) -> Iterator[str]:
    """One a line."""
    separator = "[\n"
    for document in documents:
        yield separator + json.dumps(document, ensure_ascii=False)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _yaml_sequence(documents: Iterable[object]) -> Iterator[str]:
    empty = True
    for document in documents:
        yield as_yaml([document])
        empty = False
    if empty:
        yield "[]\n"


def _name(document: Any) -> str:
    known: Mapping[str, object] = document if isinstance(document, Mapping) else {}
    return next((f"{known[field]}\n" for field in _NAMED if field in known), "")


def _names(documents: Iterable[object]) -> Iterator[str]:
    return map(_name, documents)


FORMATS: Final[Mapping[str, ForPrograms]] = {
    "json": ForPrograms(_json, _json_array),
    "yaml": ForPrograms(as_yaml, _yaml_sequence, "---\n"),
    "name": ForPrograms(_name, _names),
}
