"""Tables, and what stands in their cells."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from roadstead.client.documents import HostsByState, Implementation

D = TypeVar("D")
D_contra = TypeVar("D_contra", contravariant=True)

Cell = str | Text


class Column(NamedTuple, Generic[D_contra]):
    title: str
    cell: Callable[[D_contra], Cell]


Columns = Sequence[Column[D]]

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


def table(columns: Columns[D], rows: Iterable[D]) -> Table:
    """Rows under titles. Where it is too wide, all columns are folded but the first, which says what a row is."""
    made = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for position, column in enumerate(columns):
        made.add_column(column.title, no_wrap=not position, overflow="fold")
    for row in rows:
        made.add_row(*(column.cell(row) for column in columns))
    return made


def fields(named: Mapping[str, RenderableType]) -> Table:
    """Names and values, one pair a line."""
    made = Table.grid(padding=(0, 2, 0, 0))
    for name, value in named.items():
        made.add_row(Text(name, "bold"), value)
    return made


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
    """RFC 3339 without what people do not read."""
    return NOTHING if written is None else f"{written[:10]} {written[11:19]}"


IMPLEMENTATION_COLUMNS: Final[Columns[Implementation]] = (
    Column("MIDR_EL1", lambda each: each["midr"]),
    Column("REVIDR_EL1", lambda each: each["revidr"]),
    Column("AIDR_EL1", lambda each: register(each["aidr"])),
    Column("NAME", lambda each: each["name"]),
)
