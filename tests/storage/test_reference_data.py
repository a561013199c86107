"""Reference data of an operator, beside what came with the release."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest

from app.domain.cpu.implementation import Implementation
from app.storage.reference.documents import InvalidReferenceData, line_of
from app.storage.reference_data import load_reference_data

DATA: Final = files("app") / "data"
N1: Final = Implementation(0x413FD0C1, 0, 0)


def row(implementer: str, part: str, name: str) -> dict[str, str]:
    return {"implementer": implementer, "part": part, "name": name}


def test_own_parts_add_to_those_of_the_release_and_rename_them(tmp_path: Path) -> None:
    rows = [row("0x99", "0x123", "New"), row("0x41", "0xd0b", "Seventy-Six")]
    (tmp_path / "parts.json").write_text(json.dumps(rows))
    names = load_reference_data(tmp_path).names
    assert names.name(Implementation(0x990F1230, 0, 0)) == "implementer 0x99 New r0p0"
    assert names.name(Implementation(0x414FD0B0, 0, 0)) == "Arm Seventy-Six r4p0"
    assert names.name(N1) == "Arm Neoverse N1 r3p1"


@pytest.mark.parametrize(
    ("implementer", "part", "product"),
    [
        ("0x41", "0xd84", "AWS Graviton5"),
        ("0x41", "0xd49", "Alibaba Yitian 710"),
        ("0x4e", "0x010", "NVIDIA Vera"),
        ("0x51", "0x001", "Snapdragon X Elite"),
        ("0x51", "0x002", "Snapdragon X2 Elite"),
        ("0x48", "0xd02", "Kirin 9000S"),
    ],
)
def test_the_release_tells_the_products_that_report_a_part(implementer: str, part: str, product: str) -> None:
    """Beside the name, which stays that of the core: MIDR_EL1 names no product."""
    rows = json.loads((DATA / "parts.json").read_bytes())
    (found,) = (each for each in rows if (each["implementer"], each["part"]) == (implementer, part))
    assert product in found["family"]
    assert product not in found["name"]


def test_own_makers_add_to_those_of_the_release(tmp_path: Path) -> None:
    (tmp_path / "implementers.json").write_text('[{"implementer": "0x99", "name": "Ninety-Nine"}]')
    names = load_reference_data(tmp_path).names
    assert names.name(Implementation(0x990FD0C1, 0, 0)) == "Ninety-Nine part 0xd0c r0p1"
    assert names.name(N1) == "Arm Neoverse N1 r3p1"


def test_own_tables_stand_in_for_those_of_the_release(tmp_path: Path) -> None:
    (tmp_path / "errata.json").write_text('{"format": 1, "linux": "7.4", "entries": [], "left_out": []}')
    loaded, shipped = load_reference_data(tmp_path), load_reference_data(None)
    assert (loaded.tables.version, loaded.tables.entries) == ("linux 7.4", ())
    assert (loaded.kernels, loaded.names) == (shipped.kernels, shipped.names)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("parts.json", "[{}]", "parts.json: /0/implementer (line 1): is missing; /0/part (line 1): is missing;"),
        ("parts.json", "{}", "parts.json: the document (line 1): must be an array, not an object"),
        ("implementers.json", '[\n{"implementer": "0x1"}]', "implementers.json: /0/implementer (line 2): must be 0x"),
        ("kernels.json", "[]", "kernels.json: the document (line 1): must be an object, not an array"),
        ("errata.json", '{"format": 1,\n}', "errata.json: the document (line 2): is no valid JSON: trailing comma"),
        ("errata.json", "", "errata.json: the document (line 1): is no valid JSON: "),
        ("errata.json", "\xff", "errata.json: the document (line 1): is no valid JSON: "),
    ],
)
def test_a_file_that_cannot_be_taken_is_told_by_name_place_and_line(
    tmp_path: Path, name: str, content: str, sentence: str
) -> None:
    (tmp_path / name).write_text(content, encoding="latin-1")
    with pytest.raises(InvalidReferenceData) as refusal:
        load_reference_data(tmp_path)
    assert str(refusal.value).startswith(sentence)


DOCUMENT: Final = """
{"a": [1,
       {"b": "x}", "c,": [ ]},
       [
        2, 3]
      ], "d":
   null
}"""


@pytest.mark.parametrize(
    ("location", "line"),
    [
        ((), 2),
        (("a",), 2),
        (("a", 0), 2),
        (("a", 1), 3),
        (("a", 1, "c,"), 3),
        (("a", 2), 4),
        (("a", 2, 1), 5),
        (("d",), 7),
        (("missing",), 2),
        (("a", 1, "missing"), 3),
        (("a", 1, "c,", 0), 3),
        (("a", 9), 2),
        (("d", "none"), 7),
    ],
)
def test_the_line_of_a_place(location: tuple[str | int, ...], line: int) -> None:
    assert line_of(DOCUMENT, location) == line
