"""Help, completion, and the commands that are no clients."""

from pathlib import Path
from typing import get_args

import pytest

from app.domain.fleet.host import HostState
from app.domain.vms.vm import VmState
from roadstead.cli import choices
from roadstead.client import documents
from tests.cli.program import CommandLine

COMMANDS = [
    "status",
    "hosts",
    "vms",
    "migrations",
    "preview",
    "implementation-lists",
    "implementations",
    "compatibility",
    "effects",
    "errata",
    "data",
    "serve",
    "db",
    "collect",
]


def test_help_lists_every_command_and_says_how_commands_end(roadstead: CommandLine) -> None:
    done = roadstead("--help")
    listed = [line.split()[0] for line in done.out.partition("Commands:")[2].splitlines() if line.startswith("  ")]
    assert listed[: len(COMMANDS)] == COMMANDS
    assert "Exit codes: 0 yes, or done. 1 no, or refused. 2 usage." in done.out


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "collect"])
def test_every_command_has_help_of_its_own(roadstead: CommandLine, command: str) -> None:
    done = roadstead(command, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Usage: roadstead {command}")


def test_the_collector_may_stand_behind_options_of_all_commands(roadstead: CommandLine) -> None:
    done = roadstead("--output", "json", "collect", "--help")
    assert (done.code, done.out.startswith("usage: roadstead collect")) == (0, True)


def test_its_version(roadstead: CommandLine) -> None:
    assert roadstead("--version").out.count(".") == 2


def test_a_misspelt_command_is_answered_with_the_right_one(roadstead: CommandLine) -> None:
    done = roadstead("host", "list")
    assert done.code == 2
    assert "Did you mean 'hosts'?" in done.err


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("roadstead ho", ["hosts"]),
        ("roadstead vms exp", ["export", "explain"]),
        ("roadstead hosts state h1 ca", []),
        ("roadstead hosts state h1 co", ["cordoned"]),
        ("roadstead hosts list --state pl", ["planned"]),
        ("roadstead vms explain vm-1 --out", ["--output"]),
        ("roadstead vms explain vm-1 --output j", ["json"]),
    ],
)
def test_completion(roadstead: CommandLine, monkeypatch: pytest.MonkeyPatch, words: str, completed: list[str]) -> None:
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    monkeypatch.setenv("_ROADSTEAD_COMPLETE", "complete_bash")
    assert roadstead().out.split() == completed


def test_states_are_those_of_the_service() -> None:
    assert list(choices.HostState) == list(get_args(documents.HostState)) == list(HostState)
    assert list(choices.VmState) == list(get_args(documents.VmState)) == list(VmState)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_completion(roadstead: CommandLine, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    assert "_ROADSTEAD_COMPLETE=complete" in roadstead("--show-completion", shell).out


def test_the_schema_is_brought_up_to_date(
    roadstead: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ROADSTEAD_DATABASE_URL", f"sqlite:///{tmp_path / 'x.db'}")
    for _ in range(2):
        done = roadstead("db", "upgrade")
        assert (done.code, done.out.startswith("the schema is at ")) == (0, True)
