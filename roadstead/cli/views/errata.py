"""The tables of errata and mitigations."""

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from rich.console import Group, RenderableType
from rich.text import Text

from roadstead.cli.views.layout import Column, Columns
from roadstead.cli.views.tables import IMPLEMENTATION_COLUMNS, counted, fields, heading, maybe, table
from roadstead.client.documents import Concern, Erratum, ModelRange

D = TypeVar("D")


ERRATA: Final[Columns[Erratum]] = (
    Column("ID", lambda erratum: erratum["id"]),
    Column("CLASS", lambda erratum: erratum["class"], yields=2),
    Column("HAZARD", lambda erratum: Text("hazard", "red") if erratum["hazard_table"] else "", yields=1),
    Column("TITLE", lambda erratum: erratum["title"], yields=3, cut=True),
)


_RANGES: Final[Columns[ModelRange]] = (
    Column("IMPLEMENTER", lambda each: each["implementer"]),
    Column("PART", lambda each: each["part"]),
    Column("FROM", lambda each: each["min"]),
    Column("TO", lambda each: each["max"]),
    Column("SINCE LINUX", lambda each: maybe(each["since"])),
)


def concern_view(concern: Concern) -> RenderableType:
    facts: Mapping[str, str] = {
        "id": concern["id"],
        "title": concern["title"],
        "class": concern["class"],
        "rule": f"{concern['rule']}{', a hazard where a list is mixed' if concern['hazard_table'] else ''}",
        "guest prints": maybe(concern["log"]),
        "depends also on": maybe(concern["depends_also_on"]),
        "can be built out": ", ".join(concern["config"]) or "no",
        "source": concern["source"],
        "tables": concern["tables"],
        "hosts": f"{counted(concern['hosts'])} (fleet revision {concern['fleet_revision']})",
    }
    return Group(
        fields(facts),
        *section("CPUs", _RANGES, concern["ranges"]),
        *section("Of the fleet", IMPLEMENTATION_COLUMNS, concern["implementations"]),
    )


def section(title: str, columns: Columns[D], rows: list[D]) -> Iterator[RenderableType]:
    if rows:
        yield heading(title)
        yield table(columns, rows)
