"""`roadstead errata` and `roadstead effects`."""

import re
from typing import Annotated, Final

import typer

from app.cli.options import Limit, command_group, page_size
from app.cli.session import session
from app.cli.views.errata import ERRATA, concern_view, effects_view
from app.client import Client, vms
from app.client import errata as calls

errata = command_group()
effects = command_group()

_VERSION: Final = re.compile(r"[0-9]+\.[0-9]+(\.[0-9]+)?")
_DIGEST: Final = "sha256:"
"""No name of a VM has a colon in it."""


@effects.command("effects")
def show_effects(
    ctx: typer.Context,
    of: Annotated[str, typer.Argument(metavar="VM|DIGEST", help="A VM, or sha256:… of a list.", show_default=False)],
    kernel: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="Kernel of the guest; by default the VM's, or the newest that is known."),
    ] = None,
) -> None:
    """What an implementation list does to a guest: what it switches on, what it would take away."""
    with session(ctx) as (client, output):
        if of.startswith(_DIGEST):
            output.show(client.ask(calls.effects_of_list(of, kernel)), effects_view)
        else:
            output.show(client.ask(calls.effects_on_vm(of, kernel or _kernel(client, of))), effects_view)


def _kernel(client: Client, vm: str) -> str | None:
    """The kernel that the VM is defined with, where it says one; what it says is free text."""
    release = client.ask(vms.read(vm))["guest"]["kernel_release"] or ""
    return found[0] if (found := _VERSION.match(release)) else None


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
