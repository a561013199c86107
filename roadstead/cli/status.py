"""`roadstead status`."""

from collections.abc import Sequence
from itertools import chain, islice
from typing import Final

import typer
from rich.console import RenderableType

from roadstead.cli.options import command_group
from roadstead.cli.session import session
from roadstead.cli.views.status import Standing, status_view
from roadstead.client import fleet as calls
from roadstead.client import migrations
from roadstead.client.documents import Fleet, MigrationState

status = command_group()

_OPEN: Final[Sequence[MigrationState]] = ("overdue", "admitted")
_SHOWN: Final = 5
"""Open migrations; the number of all stands above them."""


@status.command("status")
def show_status(ctx: typer.Context) -> None:
    """The fleet on one screen: hosts, VMs, what needs attention, and the migrations that are open."""
    with session(ctx) as (client, output):

        def view(fleet: Fleet) -> RenderableType:
            found = chain.from_iterable(client.each(migrations.find(None, state, _SHOWN)) for state in _OPEN)
            return status_view(Standing(fleet, list(islice(found, _SHOWN))))

        output.show(client.ask(calls.read()), view)
