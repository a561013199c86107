"""Which implementations may share a list: the groups, and the matrix behind them."""

from collections.abc import Iterator
from typing import Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from roadstead.cli.views.layout import Column, Columns
from roadstead.cli.views.tables import IMPLEMENTATION_COLUMNS, counted, heading, table
from roadstead.client.documents import Compatibility, Implementation

_Key = tuple[str, str, str | None]
_Numbered = tuple[int, Implementation]

_SHARE: Final = Text("●", "green")
_FORBIDDEN: Final = Text("✗", "bold red")
_ITSELF: Final = Text("·", "dim")
_CELL: Final = 3
"""Columns of the terminal."""


def _of_member(column: Column[Implementation]) -> Column[_Numbered]:
    brief = column.brief
    return Column(
        column.title,
        lambda each: column.cell(each[1]),
        column.yields,
        brief and (lambda each: brief(each[1])),
    )


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
        group = {
            _key(each): number for number, group in enumerate(found["groups"]) for each in group["implementations"]
        }
        self._groups = [group[_key(each)] for each in found["implementations"]]
        self._everyone = range(len(self._groups))

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        if (len(self._everyone) + 2) * _CELL > options.max_width:
            yield Text("The terminal is too narrow for the matrix: those of one group may, others may not.", "dim")
        else:
            yield self._grid()

    def _grid(self) -> Table:
        made = Table.grid(padding=(0, 1, 0, 0))
        made.add_row("", *(Text(f"{column + 1:>2}", "dim") for column in self._everyone))
        for row in self._everyone:
            cells = (Text(" ") + self._cell(row, column) for column in self._everyone)
            made.add_row(Text(f"{row + 1:>4}", "dim"), *cells)
        return made

    def _cell(self, a: int, b: int) -> Text:
        if a == b:
            return _ITSELF
        return _SHARE if self._groups[a] == self._groups[b] else _FORBIDDEN


def _forbidden(found: Compatibility) -> Iterator[RenderableType]:
    if not found["between_groups"]:
        yield Text("\n✓ all of them may share a list", "green")
        return
    yield heading("Forbidden by")
    for pair in found["between_groups"]:
        groups = f"groups {pair['a'] + 1} and {pair['b'] + 1}: "
        yield Text.assemble(("✗ ", "red"), groups, (", ".join(pair["forbidden_by"]), "bold"))
