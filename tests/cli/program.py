"""The command line, in the process of the test."""

from typing import NamedTuple

import pytest

from roadstead.cli.application import app


class Done(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What was printed, without the blanks with which tables are filled."""
        return [line.rstrip() for line in self.out.splitlines()]


class CommandLine:
    """Runs commands in this process: everything but the start of an interpreter."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Done:
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            app([str(each) for each in arguments], prog_name="roadstead")
        return Done(int(ended.value.code or 0), *self._capsys.readouterr())
