"""Commands as a page of the documentation shows them, with what they print: run, compared, and renewed.

`python -m tests.cli.consoles` runs those of docs/cli.md on the fleet of the demo, and writes down what they print now.
Of what is shown, `…` stands for anything: on a line of its own for any number of lines. A command with it is not run.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from demo.service import PROGRAM
from tests.demonstration import demonstration
from tests.waiting import PATIENCE

DOCS: Final = Path(__file__).parents[2] / "docs"
ADDRESS: Final = "http://127.0.0.1:8000"
WIDTH: Final = 100

_CONSOLE: Final = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMMAND: Final = re.compile(r"^\$ ((?:.*[\\|]\n {4})*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_SAVED: Final = re.compile(r"^```csv\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_DIFFERENT_EVERY_TIME: Final = re.compile(r"\b[0-9a-f]{32}\b|\d{4}-\d\d-\d\d.\d\d:\d\d:\d\d(?:\.\d+)?Z?")


class Shown(NamedTuple):
    command: str
    output: str
    place: tuple[int, int]
    """Where the output is, in the page."""

    @property
    def is_run(self) -> bool:
        return "…" not in self.command

    def agrees(self, printed: str) -> bool:
        """Whether the page shows nothing of it, or what it prints."""
        if not self.output:
            return True
        pattern = re.escape(_steady(self.output)).replace("…\\\n", "(?:.*\n)*").replace("…", ".*")
        return bool(re.fullmatch(pattern, _steady(printed)))


class Ran(NamedTuple):
    shown: Shown
    code: int
    printed: str


def shown(text: str, word: str) -> list[Shown]:
    """The commands of the blocks in which this word stands."""
    blocks = [block for block in _CONSOLE.finditer(text) if word in block[1]]
    return [
        Shown(found[1], found[2], (block.start(1) + found.start(2), block.start(1) + found.end(2)))
        for block in blocks
        for found in _COMMAND.finditer(block[1])
    ]


def run(commands: Sequence[Shown], text: str, data: Path) -> list[Ran]:
    """Run them in one shell, in a directory that has the files of the page, on the fleet of the demo."""
    data.mkdir(exist_ok=True)
    for each in commands:
        if each.command.startswith("cat "):
            (data / each.command.removeprefix("cat ")).write_text(each.output, encoding="utf-8")
    for block in _SAVED.finditer(text):
        (data / "fleet.csv").write_text(block[1], encoding="utf-8")
    (data / "service").mkdir()
    with demonstration(data / "service") as client:
        return list(_run([each for each in commands if each.is_run], data, str(client.base_url).rstrip("/")))


def _run(commands: Sequence[Shown], data: Path, address: str) -> Iterator[Ran]:
    path = f"{PROGRAM.parent}:{os.environ['PATH']}"
    subprocess.run(
        ["bash"],
        input="\n".join(_noted(number, each.command.replace(ADDRESS, address)) for number, each in enumerate(commands)),
        env={"PATH": path, "HOME": str(data), "LANG": "C.UTF-8", "COLUMNS": str(WIDTH), "ROADSTEAD_SERVER": address},
        cwd=data,
        text=True,
        timeout=PATIENCE * 5,
        check=True,
    )
    for number, each in enumerate(commands):
        printed = (data / f"{number}.out").read_text(encoding="utf-8")
        tidy = "".join(f"{line.rstrip()}\n" for line in printed.replace(address, ADDRESS).splitlines())
        yield Ran(each, int((data / f"{number}.code").read_text()), tidy)


def _noted(number: int, command: str) -> str:
    """The command in a shell that goes on with what it sets, and with its exit code for an `echo $?`."""
    return f"{{ {command}\n}} >{number}.out 2>&1 </dev/null; code=$?; echo $code >{number}.code; (exit $code)"


def _steady(text: str) -> str:
    return _DIFFERENT_EVERY_TIME.sub("~", text)


def renewed(text: str, ran: Sequence[Ran]) -> str:
    """The page with what the commands print now; where something is left out of it, that is left to people."""
    for each in reversed(ran):
        if not each.shown.agrees(each.printed) and "…" not in each.shown.output:
            start, end = each.shown.place
            text = text[:start] + each.printed + text[end:]
    return text


def _renew(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as directory:
        ran = run(shown(text, "roadstead"), text, Path(directory))
    page.write_text(renewed(text, ran), encoding="utf-8")
    for each in ran:
        if not each.shown.agrees(each.printed) and "…" in each.shown.output:
            print(f"{each.shown.command}\n{each.printed}")  # noqa: T201 - for people


if __name__ == "__main__":
    for name in ("cli.md", "five-minutes.md"):
        _renew(DOCS / name)
