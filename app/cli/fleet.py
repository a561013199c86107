"""`roadstead implementations` and `roadstead compatibility`."""

import typer

from app.cli.options import Limit, command_group, page_size
from app.cli.session import session
from app.cli.views.compatibility import compatibility_view
from app.cli.views.hosts import FLEET_IMPLEMENTATIONS
from app.client import errata, hosts

implementations = command_group()
compatibility = command_group()


@implementations.command("implementations")
def list_implementations(ctx: typer.Context, limit: Limit = 100) -> None:
    """Every distinct CPU implementation of the fleet, with the hosts that have it."""
    with session(ctx) as (client, output):
        output.show_all(client.each(hosts.implementations(page_size(limit))), FLEET_IMPLEMENTATIONS, limit)


@compatibility.command("compatibility")
def show_compatibility(ctx: typer.Context) -> None:
    """Which CPU implementations of the fleet may share a list, and what forbids it to the others."""
    with session(ctx) as (client, output):
        output.show(client.ask(errata.compatibility()), compatibility_view)
