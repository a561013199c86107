"""What stands where room is scarce: names, ids and registers are whole on any terminal."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from roadstead.cli.views.layout import Column, Layout
from roadstead.cli.views.wrapping import wrapped
from tests.api.talk import N1, N1_NEW, V1, host
from tests.cli.program import CommandLine

Row = tuple[str, str, str]

COLUMNS: list[Column[Row]] = [
    Column("NAME", lambda row: row[0]),
    Column("NOTE", lambda row: row[1], yields=2, cut=True),
    Column("SIZE", lambda row: row[2], yields=1, brief=lambda row: row[2][:1]),
]

words = st.text("abö漢", min_size=1, max_size=30)
rows = st.lists(st.tuples(words, st.lists(words, max_size=6).map(" ".join), words), min_size=1, max_size=5)


def laid_out(found: list[Row], room: int) -> list[str]:
    layout = Layout(COLUMNS, room)
    lines = [*layout.lines(found)]
    return ["".join(f"{cell}{' ' * blanks}" for cell, blanks in line) for line in (layout.titles(), *lines)]


@given(rows, st.integers(1, 120))
def test_names_are_whole_and_lines_fit_where_names_do(found: list[Row], room: int) -> None:
    title, *lines = laid_out(found, room)
    assert title.startswith("NAME")
    assert [line.split()[0] for line in lines] == [name for name, _, _ in found]
    longest = max(Text(name).cell_len for name, _, _ in found)
    assert all(Text(line).cell_len <= max(room, longest, len("NAME")) for line in lines)


@given(rows)
def test_nothing_is_left_out_where_there_is_room(found: list[Row]) -> None:
    _, *lines = laid_out(found, 1000)
    assert [line.split() for line in lines] == [[part for cell in row for part in cell.split()] for row in found]


def test_what_yields_first_goes_first() -> None:
    found = [("h1", "a note of many words", "large")]
    assert laid_out(found, 33) == ["NAME  NOTE                  SIZE", "h1    a note of many words  large"]
    assert laid_out(found, 30) == ["NAME  NOTE               SIZE", "h1    a note of many …   large"]
    assert laid_out(found, 24) == ["NAME  NOTE          SIZE", "h1    a note of …   l"]
    assert laid_out(found, 20) == ["NAME  SIZE", "h1    large"]
    assert laid_out(found, 10) == ["NAME  SIZE", "h1    l"]
    assert laid_out(found, 9) == ["NAME", "h1"]


def test_a_table_that_goes_on_keeps_its_columns() -> None:
    layout = Layout(COLUMNS, 20)
    first = [*layout.lines([("h1", "-", "S")])]
    second = [*layout.lines([("a-longer-name", "-", "S")])]
    assert [len(line) for line in (*first, *second)] == [3, 3]
    assert second[0][0] == ("a-longer-name", 2)


@given(st.text("ab \n漢", max_size=60), st.integers(1, 30))
def test_words_are_never_broken(text: str, room: int) -> None:
    lines = [*wrapped(Text(text), room)]
    assert [word for line in lines for word in line.plain.split()] == text.split()
    assert all(line.cell_len <= room or len(line.plain.split()) == 1 for line in lines)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def lodged(asking: CommandLine, tmp_path: Path, zone: str) -> str:
    """Three hosts with long names and labels, one with two kinds of CPU."""
    made = [(f"{zone}-{number}.rack-07.prod.example.net", cpu) for number, cpu in enumerate((N1, N1_NEW, V1))]
    labels = {"zone": zone, "note": "x" * 60}
    path = tmp_path / "fleet.ndjson"
    path.write_text("".join(json.dumps({"name": name, **host(cpu, labels=labels)}) + "\n" for name, cpu in made))
    assert asking("hosts", "import", path).code == 0
    return zone


@pytest.mark.usefixtures("narrow")
def test_on_eighty_columns_everything_that_is_shown_is_whole(asking: CommandLine, lodged: str) -> None:
    title, *found = asking("hosts", "list", "--label", f"zone={lodged}").lines
    assert title.split()[:3] == ["NAME", "STATE", "CPU"]
    assert "LABELS" not in title
    assert [row.split()[0] for row in found] == [f"{lodged}-{number}.rack-07.prod.example.net" for number in range(3)]
    assert all(len(row) <= 80 for row in found)
    for row in asking("implementations", "--limit", 0).lines[1:]:
        assert all(int(register, 16) >= 0 for register in row.split()[:2])
        assert len(row) <= 80


@pytest.mark.usefixtures("narrow")
def test_a_digest_is_whole_on_a_line_of_its_own(asking: CommandLine, guest: str, zone: str) -> None:
    booted = asking("vms", "boot", guest, f"{zone}-1").lines
    digest = json.loads(asking("vms", "show", guest, "-o", "json").out)["implementation_list"]
    assert f"  {digest}" in booted


def test_wide_shows_all_of_it_whatever_the_terminal(asking: CommandLine, lodged: str) -> None:
    title, first, *_ = asking("hosts", "list", "--label", f"zone={lodged}", "-o", "wide").lines
    assert title.split()[-6:] == ["KERNEL", "LABELS", "OBSERVED", "VMM", "CAPACITY", "CAPABILITIES"]
    assert f"note={'x' * 60} zone={lodged}" in first


def test_what_another_program_reads_is_whole(asking: CommandLine, lodged: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS")
    title, first, *_ = asking("hosts", "list", "--label", f"zone={lodged}").lines
    assert title.split() == ["NAME", "STATE", "CPU", "KERNEL", "LABELS", "OBSERVED"]
    assert f"note={'x' * 60} zone={lodged}" in first
    assert first.endswith(" UTC")


def test_names_are_for_other_commands(asking: CommandLine, lodged: str, guest: str) -> None:
    names = asking("hosts", "list", "--label", f"zone={lodged}", "--label", "note", "-o", "name").out.split()
    assert names == [f"{lodged}-{number}.rack-07.prod.example.net" for number in range(3)]
    assert asking("hosts", "show", names[0], "-o", "name").out == f"{names[0]}\n"
    assert asking("hosts", "state", names[0], "cordoned", "-o", "name").out == f"{names[0]}\n"
    assert asking("vms", "show", guest, "-o", "name").out == f"{guest}\n"
    assert asking("hosts", "list", "--label", "zone=nowhere", "-o", "name").out == ""


def test_yaml_says_what_json_says(asking: CommandLine, lodged: str, tmp_path: Path) -> None:
    here = ("--label", f"zone={lodged}")
    for command in (("hosts", "list", *here), ("hosts", "list", "--label", "zone=nowhere"), ("errata", "list")):
        assert yaml.safe_load(asking(*command, "-o", "yaml").out) == json.loads(asking(*command, "-o", "json").out)
    path = tmp_path / "vms.yaml"
    path.write_text(
        f"[{{name: {lodged}-a, guest: {{discovers_implementations: true, kernel_release: '6.18'}}}}, "
        f"{{name: {lodged}-b, guest: {{discovers_implementations: false}}}}]"
    )
    applied = [*yaml.safe_load_all(asking("vms", "apply", path, "-o", "yaml").out)]
    assert [vm["name"] for vm in applied] == [f"{lodged}-a", f"{lodged}-b"]
    assert applied[0]["guest"]["kernel_release"] == "6.18"
