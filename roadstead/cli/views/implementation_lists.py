"""Implementation lists: of boots, planned, and by digest alone."""

from collections.abc import Iterator, Mapping
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from roadstead.cli.views.layout import Cell, Column, Columns
from roadstead.cli.views.tables import (
    IMPLEMENTATION_COLUMNS,
    NOTHING,
    fields,
    heading,
    minute,
    register_column,
    short_digest,
    table,
    time,
)
from roadstead.client.documents import ImplementationList, LeftOut, ListContent, ListEntry, PlannedList

BOOTS: Final[Columns[ImplementationList]] = (
    Column("BOOT", lambda sealed: str(sealed["boot"])),
    Column("SEALED", lambda sealed: minute(sealed["sealed_at"]), yields=2),
    Column("HOST", lambda sealed: sealed["host"]),
    Column("CPUS", lambda sealed: sealed["cpus"] or "all", yields=4),
    Column("MODE", lambda sealed: sealed["mode"], yields=1),
    Column("LIST", lambda sealed: short_digest(sealed["digest"])),
    Column("ADOPTED", lambda sealed: "yes" if sealed["adopted"] else "", yields=3),
    Column("DIGEST", lambda sealed: sealed["digest"], wide=True),
    Column("REVISION", lambda sealed: str(sealed["fleet_revision"]), wide=True),
)


_ENTRIES: Final[Columns[ListEntry]] = (Column("INDEX", lambda entry: str(entry["index"])), *IMPLEMENTATION_COLUMNS)


_LEFT_OUT: Final[Columns[LeftOut]] = (
    Column("CPU", lambda left: left["implementation"]["name"]),
    register_column("MIDR_EL1", lambda left: left["implementation"]["midr"]),
    Column("HOSTS", lambda left: str(left["hosts"])),
    Column("FORBIDDEN BY", lambda left: ", ".join(left["hazards"])),
)


def list_view(sealed: ImplementationList) -> RenderableType:
    facts = {
        "vm": f"{sealed['vm']}, boot {sealed['boot']}{' (adopted)' if sealed['adopted'] else ''}",
        "sealed": f"{time(sealed['sealed_at'])} on {sealed['host']} (fleet revision {sealed['fleet_revision']})",
    }
    return Group(fields({**facts, **about(sealed)}), *contents(sealed))


def content_view(content: ListContent) -> RenderableType:
    facts = {"digest": content["digest"], "discovery ABI": content["version"]}
    return Group(fields(facts), *_entries(content))


def about(planned: PlannedList) -> Mapping[str, Cell]:
    why = ", ".join(planned["mode_reasons"])
    return {
        "mode": f"{planned['mode']}: {why}" if why else planned["mode"],
        "digest": planned["digest"],
        "accepted hazards": Text(", ".join(planned["accepted_hazards"]) or NOTHING, "yellow"),
    }


def contents(planned: PlannedList) -> Iterator[RenderableType]:
    yield from _entries(planned)
    if planned["left_out"]:
        yield heading("Left out, because they would weaken the guest")
        yield table(_LEFT_OUT, planned["left_out"])


def _entries(content: ListContent) -> Iterator[RenderableType]:
    yield heading("The list; the vCPUs present the first")
    yield table(_ENTRIES, content["implementations"])
