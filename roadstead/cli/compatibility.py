"""`roadstead compatibility`."""

from typing import Annotated

import typer

from roadstead.cli.options import command_group
from roadstead.cli.session import session
from roadstead.cli.views.compatibility import compatibility_view
from roadstead.client import compatibility as calls

compatibility = command_group()


@compatibility.command("compatibility")
def show_compatibility(
    ctx: typer.Context,
    pairs: Annotated[int, typer.Option(min=1, max=10_000, help="With -o json: at most this many pairs.")] = 10_000,
) -> None:
    """Which CPU implementations of the fleet may share a list, and what forbids it to the others."""
    with session(ctx) as (client, output):
        output.show(client.ask(calls.read(pairs)), compatibility_view)
