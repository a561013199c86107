"""Answers on standard output, for people or for programs; all else on standard error."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import islice
from typing import Final, TypeVar

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.segment import Segment
from rich.text import Text
from typing_extensions import override

from roadstead.cli.definitions import as_yaml
from roadstead.cli.formats import FORMATS
from roadstead.cli.options import Format
from roadstead.cli.views.layout import Cell, Columns, Layout, Line
from roadstead.cli.views.problems import problem_view
from roadstead.cli.views.wrapping import wrapped
from roadstead.client import Problem
from roadstead.client.warnings import warnings_of

D = TypeVar("D")

_UNBROKEN: Final = 100_000
"""Columns of what is piped to another program: lines are not broken, and nothing is left out."""
_PIECE: Final = 1000
"""Rows that are written at a time: a page of the largest size."""


class Output:
    """Where a command writes."""

    def __init__(self, form: Format) -> None:
        self._form = form
        self._programs = FORMATS.get(form)
        self._out = _console(stderr=False, unbroken=form == "wide")
        self._err = _console(stderr=True)
        self._shown = 0

    def show(self, document: D, view: Callable[[D], RenderableType]) -> None:
        """One document: as it came, or as people see it. Its warnings go where no program takes them for the answer."""
        if self._programs:
            sys.stdout.write((self._programs.between if self._shown else "") + self._programs.document(document))
        else:
            self._out.print(view(document), crop=False)
        self._shown += 1
        for sentence in warnings_of(document):
            self._err.print(Text.assemble(("warning: ", "yellow"), sentence), soft_wrap=True)

    def tell(self, document: object, sentence: str) -> None:
        """What has been done."""
        self.show(document, lambda _: sentence)

    def show_all(self, documents: Iterable[D], columns: Columns[D], limit: int) -> None:
        """The first documents of a list, all if the limit is 0, written while they arrive."""
        coming = iter(documents)
        shown = self._counted(islice(coming, limit) if limit else coming)
        for text in self._programs.listed(shown) if self._programs else self._table(columns, shown):
            sys.stdout.write(text)
        if limit and next(coming, None) is not None:
            self.note(f"There are more than {limit}; --limit 0 shows all.")

    def show_several(self, documents: Iterable[D], view: Callable[[D], RenderableType]) -> None:
        """Documents that were named: a list, or as people see each of them."""
        if self._programs:
            sys.stdout.writelines(self._programs.listed(documents))
            return
        for document in documents:
            if self._shown:
                self._out.print()
            self.show(document, view)

    def export(self, documents: Iterable[object]) -> None:
        """What can be read again by a command: YAML documents, unless another format for programs is asked for."""
        if self._programs and self._form != "yaml":
            sys.stdout.writelines(self._programs.listed(documents))
            return
        for document in documents:
            sys.stdout.write(f"---\n{as_yaml(document)}")

    def _table(self, columns: Columns[D], documents: Iterator[D]) -> Iterator[str]:
        among = [column for column in columns if self._form == "wide" or not column.wide]
        layout, ink = Layout(among, self._out.width), _Ink(self._out)
        lines = [*layout.lines([*islice(documents, _PIECE)])]
        yield ink.line([(Text(str(title), "bold"), blanks) for title, blanks in layout.titles()])
        while lines:
            yield "".join(map(ink.line, lines))
            lines = [*layout.lines([*islice(documents, _PIECE)])]

    def _counted(self, documents: Iterable[D]) -> Iterator[D]:
        """The same. Somebody who sees nothing of them sees how many have come."""
        seen = self._err.is_terminal and not self._out.is_terminal
        for number, document in enumerate(documents):
            if seen and number and not number % _PIECE:
                self._err.file.write(f"\r{number:,} so far")
                self._err.file.flush()
            yield document
        if seen:
            self._err.file.write("\r\x1b[K")

    def note(self, sentence: str) -> None:
        self._err.print(sentence, style="dim")

    def problem(self, problem: Problem) -> None:
        """What the service refuses, and why."""
        if self._form == "json":
            self._err.out(json.dumps(problem.document), highlight=False)
        else:
            self._err.print(problem_view(problem), crop=False)

    def failure(self, code: str, sentence: str) -> None:
        """What went wrong on this side of the service, in the form of a problem."""
        if self._form == "json":
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
    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich does, which would break words that are too long for a line."""
        asked = options or self.options
        if not isinstance(renderable, Text) or renderable.no_wrap or asked.no_wrap:
            yield from super().render(renderable, options)
            return
        for line in wrapped(renderable, asked.max_width):
            yield from super().render(line, options)

    @override
    def on_broken_pipe(self) -> None:
        # Rich would end with 1, which is a no.
        raise BrokenPipeError


class _Ink:
    """Cells in the colours of a terminal. Rich is asked once for each style: it takes long for many lines."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._codes: dict[str, tuple[str, str]] = {}

    def line(self, line: Line) -> str:
        return "".join(self._cell(cell) + " " * blanks for cell, blanks in line) + "\n"

    def _cell(self, cell: Cell) -> str:
        if isinstance(cell, str) or not self._console.color_system:
            return str(cell)
        if cell.spans:
            return self._printed(cell)
        before, after = self._around(str(cell.style))
        return f"{before}{cell}{after}"

    def _around(self, style: str) -> tuple[str, str]:
        if style not in self._codes:
            before, _, after = self._printed(Text("x", style)).partition("x")
            self._codes[style] = before, after
        return self._codes[style]

    def _printed(self, text: Text) -> str:
        with self._console.capture() as captured:
            self._console.print(text, end="", soft_wrap=True)
        return captured.get()


def _console(*, stderr: bool, unbroken: bool = False) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="replace")  # a terminal without ✗ still gets the rest
    known = not unbroken and (stream.isatty() or "COLUMNS" in os.environ)
    return _Console(file=stream, width=None if known else _UNBROKEN, markup=False, highlight=False, emoji=False)
