"""What lists do to guests."""

from collections.abc import Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from roadstead.cli.views.errata import section
from roadstead.cli.views.layout import Column, Columns
from roadstead.cli.views.tables import fields, names, short_names
from roadstead.client.documents import Applied, BelievedSafe, Effects


def _certainty(applied: Applied) -> str:
    if not applied["decided_by_identity_alone"]:
        return "possible"
    return "unless built out" if applied["config"] else "yes"


_APPLIED: Final[Columns[Applied]] = (
    Column("ID", lambda applied: applied["id"]),
    Column("CERTAIN", _certainty),
    Column(
        "CAUSED BY",
        lambda applied: names(applied["implementations"]),
        yields=1,
        brief=lambda applied: short_names(applied["implementations"]),
    ),
    Column("", lambda applied: Text("only other hosts", "yellow") if applied["only_other_hosts"] else ""),
)


_BELIEVED: Final[Columns[BelievedSafe]] = (
    Column("ID", lambda believed: believed["id"]),
    Column("HAZARD", lambda believed: Text("hazard", "bold red") if believed["hazard"] else ""),
    Column(
        "SAFE",
        lambda believed: names(believed["implementations"]),
        yields=1,
        brief=lambda believed: short_names(believed["implementations"]),
    ),
    Column(
        "TAKEN FOR SAFE",
        lambda believed: Text(names(believed["not_safe"]), "red"),
        yields=2,
        brief=lambda believed: Text(short_names(believed["not_safe"]), "red"),
    ),
)


def effects_view(effects: Effects) -> RenderableType:
    return Group(
        fields({"list": effects["digest"], "guest": f"Linux {effects['kernel']}", "tables": effects["tables"]}),
        *section("Errata and mitigations that apply", _APPLIED, effects["applies"]),
        *section("Believed safe, because one of the list is", _BELIEVED, effects["believes_safe"]),
        *_hazards(effects),
        *(Text.assemble(("! ", "yellow"), note["detail"]) for note in effects["notes"]),
    )


def _hazards(effects: Effects) -> Iterator[RenderableType]:
    if effects["hazards"]:
        yield Text.assemble(("\n✗ the list weakens the guest: ", "bold red"), ", ".join(effects["hazards"]))
    else:
        yield Text("\n✓ the list does not weaken the guest", "green")
