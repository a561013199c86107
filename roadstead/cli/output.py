"""Answers on standard output, for people or for programs; all else on standard error."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import islice
from typing import Final, TypeVar

from rich.console import Console, RenderableType
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text
from typing_extensions import override

from roadstead.cli.definitions import as_yaml
from roadstead.cli.options import Format
from roadstead.cli.views.problems import problem_view
from roadstead.cli.views.tables import Columns, table
from roadstead.client import Problem
from roadstead.client.warnings import warnings_of

D = TypeVar("D")

_UNBROKEN: Final = 1000
"""Columns of what is piped to another program: lines are not broken, and nothing is cut off."""


class Output:
    """Where a command writes."""

    def __init__(self, form: Format) -> None:
        self._json = form == "json"
        self._out = _console(stderr=False)
        self._err = _console(stderr=True)

    def show(self, document: D, view: Callable[[D], RenderableType]) -> None:
        """One document: as it came, or as people see it. Its warnings go where no program takes them for the answer."""
        if self._json:
            _write_json(document)
        else:
            self._out.print(view(document))
        for sentence in warnings_of(document):
            self._err.print(Text.assemble(("warning: ", "yellow"), sentence), soft_wrap=True)

    def tell(self, document: object, sentence: str) -> None:
        """What has been done."""
        self.show(document, lambda _: sentence)

    def show_all(self, documents: Iterable[D], columns: Columns[D], limit: int) -> None:
        """The first documents of a list, all if the limit is 0; programs get one a line, in an array."""
        coming = iter(documents)
        shown = islice(coming, limit) if limit else coming
        if self._json:
            _write_array(shown)
        else:
            self._out.print(table(columns, shown))
        if limit and next(coming, None) is not None:
            self.note(f"There are more than {limit}; --limit 0 shows all.")

    def show_several(self, documents: Iterable[D], view: Callable[[D], RenderableType]) -> None:
        """Documents that were named: in an array, or as people see each of them."""
        if self._json:
            _write_array(documents)
            return
        for position, document in enumerate(documents):
            self._out.print(*[""] * bool(position), view(document), sep="\n")

    def export(self, documents: Iterable[object]) -> None:
        """What can be read again by a command: YAML documents, or an array."""
        if self._json:
            _write_array(documents)
        else:
            _write_yaml(documents)

    def note(self, sentence: str) -> None:
        self._err.print(sentence, style="dim")

    def problem(self, problem: Problem) -> None:
        """What the service refuses, and why."""
        if self._json:
            self._err.out(json.dumps(problem.document), highlight=False)
        else:
            self._err.print(problem_view(problem))

    def failure(self, code: str, sentence: str) -> None:
        """What went wrong on this side of the service, in the form of a problem."""
        if self._json:
            self._err.out(json.dumps({"code": code, "detail": sentence}), highlight=False)
        else:
            self._err.print(f"roadstead: {sentence}", soft_wrap=True)

    @contextmanager
    def progress(self, of: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """A bar while bytes are read, where somebody sees it; call what it gives with the size of each piece."""
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._err, transient=True, disable=not self._err.is_terminal) as bar:
            yield _advancing(bar, bar.add_task(of, total=total))


def _advancing(bar: Progress, task: TaskID) -> Callable[[int], None]:
    return lambda size: bar.advance(task, size)


class _Console(Console):
    @override
    def on_broken_pipe(self) -> None:
        # Rich would end with 1, which is a no.
        raise BrokenPipeError


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="replace")  # a terminal without ✗ still gets the rest
    width = None if stream.isatty() or "COLUMNS" in os.environ else _UNBROKEN
    return _Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def _write_json(document: object) -> None:
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _write_yaml(documents: Iterable[object]) -> None:
    for document in documents:
        sys.stdout.write(f"---\n{as_yaml(document)}")


def _write_array(documents: Iterable[object]) -> None:
    separator = "[\n"
    for document in documents:
        sys.stdout.write(separator + json.dumps(document, ensure_ascii=False))
        separator = ",\n"
    sys.stdout.write("[]\n" if separator == "[\n" else "\n]\n")
