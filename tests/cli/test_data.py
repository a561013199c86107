"""`roadstead data check`: asks no service."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import CommandLine

SHIPPED = files("app") / "data"


@pytest.fixture(autouse=True)
def _no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADSTEAD_SERVER", "http://127.0.0.1:9")
    monkeypatch.setenv("COLUMNS", "300")  # the paths of tests are long


def shipped(name: str) -> Any:
    return json.loads((SHIPPED / name).read_text())


@pytest.mark.parametrize(
    ("name", "contents"),
    [
        ("errata.json", " tables of linux "),
        ("kernels.json", " kernel behaviours"),
        ("implementers.json", " names of makers"),
        ("parts.json", " names of parts"),
    ],
)
def test_what_came_with_the_release_is_good(roadstead: CommandLine, name: str, contents: str) -> None:
    done = roadstead("data", "check", SHIPPED / name)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("✓ ")
    assert contents in done.out


def test_every_fault_of_errata_is_named_with_its_place(roadstead: CommandLine, tmp_path: Path) -> None:
    document = shipped("errata.json")
    document["entries"][0]["class"] = "gossip"
    document["entries"][1]["ranges"][0]["part"] = "0xD0C"
    document["entries"][2]["id"] = document["entries"][3]["id"]
    document["left"] = document.pop("left_out")
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(document))
    done = roadstead("data", "check", path)
    assert done.code == 1
    assert done.lines[0] == f"✗ {path}: 5 faults in errata.json"
    assert [line.strip().partition(": ")[0] for line in done.lines[1:]] == [
        "/entries/0/class",
        "/entries/1/ranges/0/part",
        "/entries/3/id",
        "/left_out",
        "/left",
    ]


def test_kernels_are_known_by_what_they_hold(roadstead: CommandLine, tmp_path: Path) -> None:
    document = shipped("kernels.json")
    document["behaviours"][0]["spans"][0]["since"] = "new"
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(document))
    done = roadstead("data", "check", path, "-o", "json")
    checked = json.loads(done.out)
    assert (done.code, checked["good"], checked["kind"]) == (1, False, "kernels.json")
    assert [fault["pointer"] for fault in checked["faults"]] == ["/behaviours/0/spans/0/since"]


@pytest.mark.parametrize("name", ["parts.json", "mine.json"])
def test_a_wrong_row_is_told_with_its_file_and_line(roadstead: CommandLine, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("""[
  {"implementer": "0x51", "part": "0x002", "name": "Oryon Gen 3"},
  {"implementer": "0x51", "part": "0x003"},
  {"implementer": "0x51", "part": "0x002", "name": "Oryon"},
  {"implementer": "0x51",
   "part": "3", "name": "Oryon"}
]""")
    done = roadstead("data", "check", path)
    assert (done.code, done.lines) == (
        1,
        [
            f"✗ {path}: 3 faults in parts.json",
            "  /1/name: is missing (line 3)",
            "  /2: is the second row of this number (line 4)",
            "  /3/part: must be 0x and 3 lower-case hexadecimal digits (line 6)",
        ],
    )


def test_makers_are_known_by_their_rows(roadstead: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text('[{"implementer": "0x99", "name": "Ninety-Nine", "country": "Utopia"}]')
    done = roadstead("data", "check", path)
    assert done.lines == [
        f"✗ {path}: 1 fault in implementers.json",
        "  /0/country: is not a known key. Known: full_name, implementer, name (line 1)",
    ]


@pytest.mark.parametrize(
    ("content", "place"), [("[]", "the document"), ("{,", "the document"), ("\x00", "the document")]
)
def test_what_is_no_such_document(roadstead: CommandLine, tmp_path: Path, content: str, place: str) -> None:
    path = tmp_path / "errata.json"
    path.write_text(content)
    done = roadstead("data", "check", path)
    assert done.code == 1
    assert any(line.startswith(f"  {place}: ") for line in done.lines)
    assert done.lines[0].endswith(" in errata.json")


def test_a_file_that_is_not_there_is_a_mistake_of_usage(roadstead: CommandLine, tmp_path: Path) -> None:
    assert roadstead("data", "check", tmp_path / "errata.json").code == 2
