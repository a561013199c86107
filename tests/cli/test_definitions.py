"""Definitions in YAML and JSON: read as they were meant, or refused with the place."""

import re
import time
from pathlib import Path

import pytest

from roadstead.cli.definitions import read_documents
from roadstead.cli.unusable import UnusableFile

NESTED = 9
AT_MOST = 5.0
"""Seconds in which a file is refused that would take hours."""


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("name: v\nguest:\n  a: 1\n  b: 2\n  a: 3\n", "line 5, column 3: the key 'a' stands in line 3 already"),
        ("name: v\nlabels: {on: 1}", "line 2, column 10: a key must be text: put it in quotes"),
        ("name: v\n? [a]\n: b", "a key must be text"),
        ("name: v\nguest: &a [*a]", "line 2, column 12: an alias stands inside of what it stands for"),
        ("name: v\nguest: *b", "found undefined alias"),
        ("name: v\nguest: .nan", "Out of range float"),
        ("[" * 5_000, "it is nested too deeply"),
        ("name: v\nguest: \x1b", "special characters are not allowed"),
    ],
)
def test_yaml_that_does_not_mean_what_it_seems_to_is_refused(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "vms.yaml"
    path.write_text(content)
    with pytest.raises(UnusableFile, match=re.escape(sentence)):
        read_documents(path)


def test_aliases_that_would_never_end_are_refused_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, NESTED)]
    path = tmp_path / "vms.yaml"
    path.write_text("\n".join(lines))
    begun = time.monotonic()
    with pytest.raises(UnusableFile, match=r"line 4, column \d+: aliases stand for more than 10000 values up to here"):
        read_documents(path)
    assert time.monotonic() - begun < AT_MOST


def test_aliases_that_save_writing_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "vms.yaml"
    path.write_text(
        "- &first\n  name: a\n  guest: &guest {discovers_implementations: true}\n"
        "- {name: b, guest: *guest}\n- {<<: *first, name: c}\n"
    )
    assert [(each["name"], each["guest"]) for each in read_documents(path)] == [
        (name, {"discovers_implementations": True}) for name in "abc"
    ]


def test_a_key_that_stands_twice_in_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vms.json"
    path.write_text('{"name": "a", "guest": {}, "name": "b"}')
    with pytest.raises(UnusableFile, match="the key 'name' stands twice in one object"):
        read_documents(path)


def test_json_that_is_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vms.json"
    path.write_text("[" * 100_000)
    with pytest.raises(UnusableFile, match="it is nested too deeply"):
        read_documents(path)
