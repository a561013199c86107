"""`roadstead effects`."""

import re
from typing import Annotated, Final

import typer

from roadstead.cli.options import command_group
from roadstead.cli.session import session
from roadstead.cli.views.effects import effects_view
from roadstead.client import Client, vms
from roadstead.client import effects as calls

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
            output.show(client.ask(calls.of_list(of, kernel)), effects_view)
        else:
            output.show(client.ask(calls.of_vm(of, kernel or _kernel(client, of))), effects_view)


def _kernel(client: Client, vm: str) -> str | None:
    """The kernel that the VM is defined with, where it says one; what it says is free text."""
    release = client.ask(vms.read(vm))["guest"]["kernel_release"] or ""
    return found[0] if (found := _VERSION.match(release)) else None
