"""What pages say of the command line, held against the program."""

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from roadstead.cli.application import _COMMANDS, _command
from roadstead.cli.csv_hosts import COLUMNS, csv_as_ndjson
from tests.cli import consoles
from tests.cli.consoles import DOCS
from tests.cli.program import CommandLine

REFUSAL = re.compile(r"✗|^roadstead: | cannot move to ", re.MULTILINE)
NEEDED = ("bash", "curl", "jq")
NOT_RUN = {"make demo", "roadstead data check errata.json", "roadstead --help"}
"""The tests are in the place of the first; another test makes the file of the second; the third would be long."""

TEXT = (DOCS / "cli.md").read_text(encoding="utf-8")


def shown() -> list[list[str]]:
    """The commands in the examples, with what stands behind them."""
    lines = re.findall(r"^(?:\$ .*\| |\$ )roadstead ([^|)\n]*)", TEXT, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def leaves(command: Any, *path: str) -> Iterator[tuple[str, ...]]:
    for name, inner in getattr(command, "commands", {}).items():
        yield from leaves(inner, *path, name)
    if not hasattr(command, "commands"):
        yield path


def test_examples_are_found() -> None:
    assert len(shown()) > 30


@pytest.mark.parametrize("arguments", shown(), ids=" ".join)
def test_an_example_uses_commands_and_options_that_exist(roadstead: CommandLine, arguments: list[str]) -> None:
    done = roadstead(*arguments, "--help")
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_is_in_it(name: str) -> None:
    for path in leaves(_command(name), name):
        assert f"roadstead {' '.join(path)}" in TEXT


@pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason="the pages use these programs")
@pytest.mark.parametrize(
    ("page", "word"), [("cli.md", "roadstead"), ("five-minutes.md", "roadstead"), ("five-minutes.md", "curl")]
)
def test_commands_do_what_a_page_shows(page: str, word: str, tmp_path: Path) -> None:
    """If this fails for good reasons, `python -m tests.cli.consoles` writes down what they print now."""
    text = (DOCS / page).read_text(encoding="utf-8")
    commands = [each for each in consoles.shown(text, word) if each.command not in NOT_RUN]
    for each in consoles.run(commands, text, tmp_path / "run"):
        assert each.shown.agrees(each.printed), f"{each.shown.command}\n{each.printed}"
        assert each.code == 0 or (each.code == 1 and REFUSAL.search(each.shown.output)), each


def test_the_readme_shows_the_screen_of_five_minutes() -> None:
    (screen,) = (
        each.output
        for each in consoles.shown((DOCS / "five-minutes.md").read_text(encoding="utf-8"), "roadstead")
        if each.command.startswith("roadstead vms explain ")
    )
    assert screen in (DOCS.parent / "README.md").read_text(encoding="utf-8")


def test_every_option_of_all_commands_is_in_it(roadstead: CommandLine) -> None:
    for variable in re.findall(r"ROADSTEAD_[A-Z_]+", roadstead("--help").out):
        assert f"`{variable}`" in TEXT


def test_every_column_is_in_it_and_the_example_is_good() -> None:
    (section,) = re.findall(r"### The columns of a CSV\n.*?\n```\n", TEXT, re.DOTALL)
    assert all(f"`{column}`" in section for column in COLUMNS)
    example = section.partition("```csv\n")[2].removesuffix("```\n")
    sent = b"".join(csv_as_ndjson(example.splitlines(keepends=True)))
    hosts = [json.loads(line) for line in sent.splitlines() if line]
    assert [(host["name"], len(host["cpus"])) for host in hosts] == [("h1", 1), ("board-1", 2)]
