"""`roadstead errata` and `roadstead effects`."""

from typing import Annotated, Final

import typer

from app.cli.options import Limit, command_group, page_size
from app.cli.session import session
from app.cli.views.errata import ERRATA, concern_view, effects_view
from app.client import errata as calls

errata = command_group()
effects = command_group()

_DIGEST: Final = "sha256:"
"""No name of a VM has a colon in it."""


@effects.command("effects")
def show_effects(
    ctx: typer.Context,
    of: Annotated[str, typer.Argument(metavar="VM|DIGEST", help="A VM, or sha256:… of a list.", show_default=False)],
    kernel: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Kernel of the guest; by default the newest that is known.")
    ] = None,
) -> None:
    """What an implementation list does to a guest: what it switches on, what it would take away."""
    with session(ctx) as (client, output):
        call = calls.effects_of_list if of.startswith(_DIGEST) else calls.effects_on_vm
        output.show(client.ask(call(of, kernel)), effects_view)


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
