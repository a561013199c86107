"""`roadstead implementations`."""

import typer

from roadstead.cli.options import Limit, command_group, page_size
from roadstead.cli.session import session
from roadstead.cli.views.implementations import FLEET_IMPLEMENTATIONS
from roadstead.client import implementations as calls

implementations = command_group()


@implementations.command("implementations")
def list_implementations(ctx: typer.Context, limit: Limit = 100) -> None:
    """Every distinct CPU implementation of the fleet, with the hosts that have it."""
    with session(ctx) as (client, output):
        output.show_all(client.each(calls.find(page_size(limit))), FLEET_IMPLEMENTATIONS, limit)
