"""How the columns of a table share the width of a terminal: names, ids and registers stay whole, all else yields."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final, Generic, NamedTuple, TypeVar

from rich.cells import cell_len
from rich.text import Text

D = TypeVar("D")
D_contra = TypeVar("D_contra", contravariant=True)

Cell = str | Text
Line = Sequence[tuple[Cell, int]]
"""Cells, and the blanks behind each."""

GAP: Final = 2
_SHORTEST: Final = 12
"""Columns of the terminal that free text keeps; with less, the column is left out."""
_MORE: Final = "…"


class Column(NamedTuple, Generic[D_contra]):
    title: str
    cell: Callable[[D_contra], Cell]
    yields: int = 0
    """Where the terminal is too narrow, columns are left out, the highest number first; 0 is never."""
    brief: Callable[[D_contra], Cell] | None = None
    """The same in less room, if there is not enough."""
    cut: bool = False
    """Free text, of which the end may be left out."""
    wide: bool = False
    """Only where room does not matter."""


Columns = Sequence[Column[D]]


@dataclass(slots=True)
class Slot(Generic[D]):
    """A column that is shown."""

    column: Column[D]
    cell: Callable[[D], Cell]
    width: int
    least: int


class Layout(Generic[D]):
    """The lines of a table that comes in pieces: the first one settles which columns there are."""

    def __init__(self, columns: Columns[D], room: int) -> None:
        self._columns = columns
        self._room = room
        self._slots: list[Slot[D]] | None = None

    def titles(self) -> Line:
        """After the first piece."""
        return self._filled([slot.column.title for slot in self._slots or ()])

    def lines(self, rows: Sequence[D]) -> Iterator[Line]:
        if self._slots is None:
            self._slots = _fitted(self._columns, rows, self._room)
        table = [[slot.cell(row) for slot in self._slots] for row in rows]
        self._widen(table)
        for cells in table:
            for line in _broken(cells):
                yield self._filled(line)

    def _widen(self, table: Sequence[Sequence[Cell]]) -> None:
        for slot, cells in zip(self._slots or (), zip(*table, strict=True), strict=False):
            if not slot.column.cut:
                slot.width = max(slot.width, *map(width, cells))

    def _filled(self, cells: Sequence[Cell]) -> Line:
        shown = [(_shortened(cell, slot), slot.width) for cell, slot in zip(cells, self._slots or (), strict=True)]
        while shown and not shown[-1][0]:
            shown.pop()
        line = [(cell, room - width(cell) + GAP) for cell, room in shown]
        return [*line[:-1], *((cell, 0) for cell, _ in line[-1:])]


def width(cell: Cell) -> int:
    """In columns of the terminal; of the widest line."""
    text = cell if isinstance(cell, str) else cell.plain
    if "\n" in text:
        return max(map(cell_len, text.split("\n")))
    return len(text) if text.isascii() else cell_len(text)


def _shortened(cell: Cell, slot: Slot[D]) -> Cell:
    """Without the words at the end for which there is no room."""
    if not slot.column.cut or width(cell) <= slot.width:
        return cell
    kept = _first_words(str(cell), slot.width - len(_MORE)) + _MORE
    return kept if isinstance(cell, str) else Text(kept, cell.style)


def _first_words(text: str, room: int) -> str:
    """As many as there is room for, each with a blank behind it."""
    kept = ""
    for word in text.split(" "):
        if width(kept) + width(word) + 1 > room:
            break
        kept += f"{word} "
    return kept


def _fitted(columns: Columns[D], rows: Sequence[D], room: int) -> list[Slot[D]]:
    """The columns for which there is room, each as generous as it can be."""
    generous = [_slot(column, column.cell, rows) for column in columns]
    if _total(slot.width for slot in generous) <= room:
        return generous
    slots = [_slot(slot.column, slot.column.brief, rows) if slot.column.brief else slot for slot in generous]
    while _total(slot.least for slot in slots) > room and any(slot.column.yields for slot in slots):
        slots.remove(max(slots, key=lambda slot: slot.column.yields))
    kept = {slot.column for slot in slots}
    full = [slot for slot in generous if slot.column in kept]
    return _shared(full if _total(slot.least for slot in full) <= room else slots, room)


def _shared(slots: list[Slot[D]], room: int) -> list[Slot[D]]:
    """Give what room is left to those that have yielded some, the most important first."""
    for slot in sorted(slots, key=lambda slot: slot.column.yields):
        left = max(0, room - _total(each.least for each in slots))
        slot.width = slot.least = min(slot.width, slot.least + left)
    return slots


def _slot(column: Column[D], cell: Callable[[D], Cell], rows: Iterable[D]) -> Slot[D]:
    natural = max((width(column.title), *(width(cell(row)) for row in rows)))
    least = min(natural, max(_SHORTEST, width(column.title))) if column.cut else natural
    return Slot(column, cell, natural, least)


def _total(widths: Iterable[int]) -> int:
    every = [*widths]
    return sum(every) + GAP * (len(every) - 1)


def _broken(cells: Sequence[Cell]) -> Iterator[Sequence[Cell]]:
    """A row as the lines that it takes; most take one."""
    if not any("\n" in cell for cell in cells if isinstance(cell, str)):
        yield cells
        return
    yield from zip_longest(*(str(cell).split("\n") for cell in cells), fillvalue="")
