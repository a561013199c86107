"""`roadstead errata`."""

from typing import Annotated

import typer

from roadstead.cli.options import Limit, command_group, page_size
from roadstead.cli.session import session
from roadstead.cli.views.errata import ERRATA, concern_view
from roadstead.client import errata as calls

errata = command_group()


@errata.command("list")
def list_errata(ctx: typer.Context, limit: Limit = 0) -> None:
    """All tables that are loaded, by id."""
    with session(ctx) as (client, output):
        output.show_all(client.each(calls.find(page_size(limit))), ERRATA, limit)


@errata.command()
def show(
    ctx: typer.Context,
    erratum: Annotated[str, typer.Argument(metavar="ID", help="As in ARM64_SPECTRE_BHB.", show_default=False)],
) -> None:
    """One table, and which CPUs of the fleet are in it."""
    with session(ctx) as (client, output):
        output.show(client.ask(calls.read(erratum)), concern_view)
