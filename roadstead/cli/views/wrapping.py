"""Text on lines of a terminal. It is broken between words alone: a name or an id that is too long runs over."""

import re
from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

_WORD: Final = re.compile(r"\S+")


class Indented:
    """Text behind a margin."""

    def __init__(self, text: Text | str, margin: str) -> None:
        self._text = Text(text) if isinstance(text, str) else text
        self._margin = margin

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        for line in wrapped(self._text, options.max_width - cell_len(self._margin)):
            yield as_it_is(Text(self._margin) + line)


def wrapped(text: Text, room: int) -> Iterator[Text]:
    """The lines that it takes in a room of so many columns."""
    for line in text.split("\n", allow_blank=True):
        for part in line.divide([*_breaks(line.plain, room)]):
            part.rstrip()
            yield as_it_is(part)


def as_it_is(line: Text) -> Text:
    """Not to be broken any more."""
    line.no_wrap, line.overflow = True, "ignore"
    return line


def _breaks(plain: str, room: int) -> Iterator[int]:
    """Where lines begin but the first."""
    begin, first = 0, True
    for word in _WORD.finditer(plain):
        if not first and cell_len(plain[begin : word.end()]) > room:
            begin = word.start()
            yield begin
        first = False
