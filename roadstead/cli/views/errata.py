"""What lists do to guests, and the tables that say so."""

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from rich.console import Group, RenderableType
from rich.text import Text

from roadstead.cli.views.tables import (
    IMPLEMENTATION_COLUMNS,
    Column,
    Columns,
    counted,
    fields,
    heading,
    maybe,
    names,
    table,
)
from roadstead.client.documents import Applied, BelievedSafe, Concern, Effects, Erratum, ModelRange

D = TypeVar("D")


def _certainty(applied: Applied) -> str:
    if not applied["decided_by_identity_alone"]:
        return "possible"
    return "unless built out" if applied["config"] else "yes"


ERRATA: Final[Columns[Erratum]] = (
    Column("ID", lambda erratum: erratum["id"]),
    Column("CLASS", lambda erratum: erratum["class"]),
    Column("HAZARD", lambda erratum: Text("hazard", "red") if erratum["hazard_table"] else ""),
    Column("TITLE", lambda erratum: erratum["title"]),
)

_APPLIED: Final[Columns[Applied]] = (
    Column("ID", lambda applied: applied["id"]),
    Column("CERTAIN", _certainty),
    Column("CAUSED BY", lambda applied: names(applied["implementations"])),
    Column("", lambda applied: Text("only other hosts", "yellow") if applied["only_other_hosts"] else ""),
)

_BELIEVED: Final[Columns[BelievedSafe]] = (
    Column("ID", lambda believed: believed["id"]),
    Column("HAZARD", lambda believed: Text("hazard", "bold red") if believed["hazard"] else ""),
    Column("SAFE", lambda believed: names(believed["implementations"])),
    Column("TAKEN FOR SAFE", lambda believed: Text(names(believed["not_safe"]), "red")),
)

_RANGES: Final[Columns[ModelRange]] = (
    Column("IMPLEMENTER", lambda each: each["implementer"]),
    Column("PART", lambda each: each["part"]),
    Column("FROM", lambda each: each["min"]),
    Column("TO", lambda each: each["max"]),
    Column("SINCE LINUX", lambda each: maybe(each["since"])),
)


def effects_view(effects: Effects) -> RenderableType:
    return Group(
        fields({"list": effects["digest"], "guest": f"Linux {effects['kernel']}", "tables": effects["tables"]}),
        *_section("Errata and mitigations that apply", _APPLIED, effects["applies"]),
        *_section("Believed safe, because one of the list is", _BELIEVED, effects["believes_safe"]),
        *_hazards(effects),
        *(Text.assemble(("! ", "yellow"), note["detail"]) for note in effects["notes"]),
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
        *_section("CPUs", _RANGES, concern["ranges"]),
        *_section("Of the fleet", IMPLEMENTATION_COLUMNS, concern["implementations"]),
    )


def _section(title: str, columns: Columns[D], rows: list[D]) -> Iterator[RenderableType]:
    if rows:
        yield heading(title)
        yield table(columns, rows)


def _hazards(effects: Effects) -> Iterator[RenderableType]:
    if effects["hazards"]:
        yield Text.assemble(("\n✗ the list weakens the guest: ", "bold red"), ", ".join(effects["hazards"]))
    else:
        yield Text("\n✓ the list does not weaken the guest", "green")
