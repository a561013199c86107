"""Documents that people write: YAML or JSON, one or many in a file."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from roadstead.cli.options import STANDARD_INPUT
from roadstead.cli.unusable import UnusableFile

Document = dict[str, Any]

_LINE: Final = 1 << 16
"""Values are not broken into lines."""


def read_documents(path: Path) -> list[Document]:
    """All documents of a file: one, an array of them, or a YAML stream. Raises UnusableFile."""
    try:
        text = sys.stdin.read() if path == STANDARD_INPUT else path.read_text(encoding="utf-8")
        parsed = [json.loads(text, object_pairs_hook=_distinct)] if path.suffix == ".json" else _yaml(text)
        found = [_document(each) for each in _flat(parsed)]
    except ValueError as error:
        message = f"{path}: {error}"
        raise UnusableFile(message) from error
    except RecursionError:
        message = f"{path}: it is nested too deeply"
        raise UnusableFile(message) from None
    if not found:
        message = f"{path} has nothing in it"
        raise UnusableFile(message)
    return found


def as_yaml(document: object) -> str:
    """The document as people write it, for `read_documents`."""
    import yaml  # noqa: PLC0415 - few commands print it

    # The one in C is many times as fast; a PyYAML that was built without has no such name.
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    written: str = yaml.dump(document, Dumper=dumper, sort_keys=False, allow_unicode=True, width=_LINE)
    return written


def _yaml(text: str) -> list[object]:
    from roadstead.cli.yaml_documents import read_yaml  # noqa: PLC0415 - few commands of those that can read files do

    return read_yaml(text)


def _distinct(members: list[tuple[str, Any]]) -> Document:
    document = dict(members)
    if len(document) < len(members):
        keys = [key for key, _ in members]
        message = f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands twice in one object"
        raise ValueError(message)
    return document


def _flat(parsed: Iterable[object]) -> Iterator[object]:
    for each in parsed:
        if isinstance(each, list):
            yield from each
        elif each is not None:  # YAML's way to say nothing, as after a last `---`
            yield each


def _document(value: object) -> Document:
    if not isinstance(value, dict):
        message = f"{value!r:.60} is no object"
        raise ValueError(message)  # noqa: TRY004 - as all else that is wrong with the text
    try:
        json.dumps(value, allow_nan=False)
    except TypeError as error:
        message = f"{error}; YAML takes dates and the like for more than text: put them in quotes"
        raise ValueError(message) from None
    return value
