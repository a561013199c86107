"""Which implementations may share a list: the groups, and the matrix behind them."""

from collections.abc import Iterator, Mapping
from typing import Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from roadstead.cli.views.tables import IMPLEMENTATION_COLUMNS, Column, Columns, counted, heading, table
from roadstead.client.documents import Compatibility, Implementation

_Key = tuple[str, str, str | None]
_Numbered = tuple[int, Implementation]

_SHARE: Final = Text("●", "green")
_FORBIDDEN: Final = Text("✗", "bold red")
_ITSELF: Final = Text("·", "dim")
_CELL: Final = 3
"""Columns of the terminal."""


def _of_member(column: Column[Implementation]) -> Column[_Numbered]:
    return Column(column.title, lambda each: column.cell(each[1]))


_MEMBERS: Final[Columns[_Numbered]] = (
    Column("", lambda each: f"{each[0]:>4}"),
    *map(_of_member, IMPLEMENTATION_COLUMNS),
)


def compatibility_view(found: Compatibility) -> RenderableType:
    count = len(found["groups"])
    return Group(
        Text.assemble(
            (f"{len(found['implementations'])} implementations in {count} group{'s' if count != 1 else ''}", "bold"),
            (f"  (fleet revision {found['fleet_revision']}, tables {found['tables']})", "dim"),
        ),
        *_groups(found),
        heading("Who may share a list"),
        _Matrix(found),
        *_forbidden(found),
    )


def _groups(found: Compatibility) -> Iterator[RenderableType]:
    numbers = {_key(each): number for number, each in enumerate(found["implementations"], 1)}
    for position, group in enumerate(found["groups"], 1):
        yield heading(f"Group {position}: {counted(group['hosts'])}")
        yield table(_MEMBERS, ((numbers[_key(each)], each) for each in group["implementations"]))


def _key(implementation: Implementation) -> _Key:
    return implementation["midr"], implementation["revidr"], implementation["aidr"]


class _Matrix:
    """Every implementation beside every other, where the terminal is wide enough; the groups say the same."""

    def __init__(self, found: Compatibility) -> None:
        self._everyone = range(len(found["implementations"]))
        self._forbidden = {(pair["a"], pair["b"]) for pair in found["pairs"]}

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        if (len(self._everyone) + 2) * _CELL > options.max_width:
            yield Text("The terminal is too narrow for the matrix: those of one group may, others may not.", "dim")
        else:
            yield self._grid()

    def _grid(self) -> Table:
        made = Table.grid(padding=(0, 1, 0, 0))
        made.add_row("", *(Text(f"{column + 1:>2}", "dim") for column in self._everyone))
        for row in self._everyone:
            cells = (Text(" ") + self._cell(*_ordered(row, column)) for column in self._everyone)
            made.add_row(Text(f"{row + 1:>4}", "dim"), *cells)
        return made

    def _cell(self, a: int, b: int) -> Text:
        if a == b:
            return _ITSELF
        return _FORBIDDEN if (a, b) in self._forbidden else _SHARE


def _forbidden(found: Compatibility) -> Iterator[RenderableType]:
    if not found["pairs"]:
        yield Text("\n✓ all of them may share a list", "green")
        return
    yield heading("Forbidden by")
    for (one, other), tables in sorted(_between_groups(found).items()):
        yield Text.assemble(("✗ ", "red"), f"groups {one} and {other}: ", (", ".join(tables), "bold"))


def _between_groups(found: Compatibility) -> Mapping[tuple[int, int], list[str]]:
    """What forbids it, by the numbers of two groups: their members differ in the same tables, whichever they are."""
    group = {_key(each): number for number, group in enumerate(found["groups"], 1) for each in group["implementations"]}
    numbers = [group[_key(each)] for each in found["implementations"]]
    return {_ordered(numbers[pair["a"]], numbers[pair["b"]]): pair["forbidden_by"] for pair in found["pairs"]}


def _ordered(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)
