"""`roadstead preview`."""

from pathlib import Path
from typing import Annotated, cast

import typer

from roadstead.cli.definitions import Document, read_documents
from roadstead.cli.options import HostName, PinnedTo, command_group, there
from roadstead.cli.session import session
from roadstead.cli.unusable import UnusableFile
from roadstead.cli.views.placements import preview_view
from roadstead.client import Client, placements, vms
from roadstead.client.documents import GuestInput, PlacementInput

preview = command_group()


@preview.command("preview")
def show_preview(
    ctx: typer.Context,
    host: HostName,
    vm: Annotated[str | None, typer.Option(metavar="VM", help="Of the next boot of this VM.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(help="Of a VM as in `vms apply`; - is standard input.", callback=there),
    ] = None,
    cpus: PinnedTo = None,
) -> None:
    """What a boot on the host would get: its list, what would be left out, its targets. Give --vm or --file."""
    if (vm is None) == (file is None):
        message = "give either --vm or --file"
        raise typer.BadParameter(message)
    with session(ctx) as (client, output):
        wanted = _of_file(file) if file else _of_vm(client, vm or "")
        # What is in them is for the service to judge.
        guest, placement = cast("GuestInput", wanted.get("guest", {})), cast("PlacementInput", wanted.get("placement"))
        output.show(client.ask(placements.preview(host, guest, placement, cpus)), preview_view)


def _of_vm(client: Client, name: str) -> Document:
    return dict(client.ask(vms.read(name)))


def _of_file(file: Path) -> Document:
    wanted, *others = read_documents(file)
    if others:
        message = f"{file} has {len(others) + 1} VMs; a preview is of one"
        raise UnusableFile(message)
    return wanted
