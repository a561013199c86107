"""Tables, and what stands in their cells."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from roadstead.cli.views.layout import GAP, Cell, Column, Columns, Layout, Line, width
from roadstead.cli.views.wrapping import Indented, as_it_is, wrapped
from roadstead.client.documents import HostsByState, Implementation

D = TypeVar("D")

STYLES: Final[Mapping[str, str]] = {
    "active": "green",
    "running": "green",
    "completed": "green",
    "planned": "cyan",
    "migrating": "cyan",
    "admitted": "cyan",
    "cordoned": "yellow",
    "maintenance": "yellow",
    "overdue": "bold red",
    "failed": "red",
    "retired": "dim",
    "defined": "dim",
}

NOTHING: Final = "–"


class _Table(Generic[D]):
    def __init__(self, columns: Columns[D], rows: Iterable[D]) -> None:
        self._columns = columns
        self._rows = [*rows]

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        layout = Layout(self._columns, options.max_width)
        lines = [*layout.lines(self._rows)]
        yield _text(layout.titles(), "bold")
        for line in lines:
            yield _text(line)


class _Fields:
    def __init__(self, named: Mapping[str, Cell]) -> None:
        self._named = named

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        indent = max(map(width, self._named)) + GAP
        for name, value in self._named.items():
            text = Text(value) if isinstance(value, str) else value
            if max(map(width, text.plain.split()), default=0) > options.max_width - indent:
                yield Text(name, "bold")
                yield Indented(text, " " * GAP)
            else:
                first, *others = wrapped(text, options.max_width - indent)
                yield as_it_is(Text.assemble((name, "bold"), " " * (indent - width(name)), first))
                yield from (as_it_is(Text(" " * indent) + line) for line in others)


def table(columns: Columns[D], rows: Iterable[D]) -> RenderableType:
    """Rows under titles, as many columns as there is room for."""
    return _Table([column for column in columns if not column.wide], rows)


def fields(named: Mapping[str, Cell]) -> RenderableType:
    """Names and values, one pair a line; below its name where a value has a word that would be broken."""
    return _Fields(named)


def _text(line: Line, style: str = "") -> Text:
    parts = (part for cell, blanks in line for part in (cell, " " * blanks))
    return as_it_is(Text.assemble(*parts, style=style))


def heading(text: str) -> Text:
    return Text(f"\n{text}", "bold")


def state(name: str) -> Text:
    return Text(name, STYLES.get(name, ""))


def maybe(value: object) -> str:
    return NOTHING if value is None else str(value)


def yes_no(value: bool | None) -> Text:  # noqa: FBT001 - what is shown
    if value is None:
        return Text("unknown", "yellow")
    return Text("yes", "green") if value else Text("no", "red")


def register(value: str | None) -> Text:
    return Text("unknown", "yellow") if value is None else Text(value)


def labels(pairs: Mapping[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in sorted(pairs.items())) or NOTHING


def names(implementations: Iterable[Implementation]) -> str:
    """Each name once, in the order of the implementations."""
    return ", ".join(dict.fromkeys(each["name"] for each in implementations))


def counted(hosts: HostsByState) -> str:
    """For example `12 active, 2 planned`."""
    return ", ".join(f"{count} {name}" for name, count in hosts.items() if count) or NOTHING


def short_digest(digest: str | None) -> str:
    """Enough of it to tell two apart."""
    return NOTHING if digest is None else digest.removeprefix("sha256:")[:12]


def time(written: str | None) -> str:
    """For example `2026-11-25 13:04:05 UTC`."""
    return NOTHING if written is None else f"{_utc(written):%Y-%m-%d %H:%M:%S} UTC"


def minute(written: str | None) -> str:
    """The same for a row of a table."""
    return NOTHING if written is None else f"{_utc(written):%Y-%m-%d %H:%M} UTC"


def _utc(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)


def short_register(value: str | None) -> Text:
    """Without the zeros before it."""
    return register(value and f"{int(value, 16):#x}")


def register_column(title: str, value: Callable[[D], str | None]) -> Column[D]:
    return Column(title, lambda row: register(value(row)), brief=lambda row: short_register(value(row)))


def short_names(implementations: Sequence[Implementation]) -> str:
    """The first name, and whether there are more."""
    first, *others = dict.fromkeys(each["name"] for each in implementations)
    return f"{first}, …" if others else first


IMPLEMENTATION_COLUMNS: Final[Columns[Implementation]] = (
    register_column("MIDR_EL1", lambda each: each["midr"]),
    register_column("REVIDR_EL1", lambda each: each["revidr"]),
    register_column("AIDR_EL1", lambda each: each["aidr"]),
    Column("NAME", lambda each: each["name"], yields=1),
)
