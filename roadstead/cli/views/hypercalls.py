"""What guests ask their VMM, and hear."""

from typing import Final

from rich.console import Group, RenderableType

from roadstead.cli.views.layout import Column, Columns
from roadstead.cli.views.tables import fields, heading, table
from roadstead.client.documents import Hypercall, HypercallReturns, Hypercalls

_CALLS: Final[Columns[Hypercall]] = (
    Column("FUNCTION", lambda call: call["function_id"]),
    Column("NAME", lambda call: call["name"]),
    Column("X1 AND UP", lambda call: "\n".join(call["arguments"])),
    Column("RETURNS", lambda call: "\n".join(call["returns"])),
)


def hypercalls_view(found: Hypercalls) -> RenderableType:
    facts = {"vm": f"{found['vm']}, boot {found['boot']}", "mode": found["mode"], "abi": found["abi"]}
    return Group(fields(facts), heading("What the guest asks, and hears"), table(_CALLS, found["calls"]))


def returns_view(answered: HypercallReturns) -> RenderableType:
    return fields({f"x{number}": value for number, value in enumerate(answered["returns"])})
