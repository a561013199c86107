"""`roadstead vms implementation-list` and `roadstead implementation-lists`."""

from typing import Annotated

import typer

from roadstead.cli.options import VmName, command_group
from roadstead.cli.session import session
from roadstead.cli.views.implementation_lists import content_view, list_view
from roadstead.client import implementation_lists as calls

of_vm = command_group()

implementation_lists = command_group()

ForQemu = Annotated[bool, typer.Option("--qemu", help="Print the value of QEMU's -M option.")]


@of_vm.command("implementation-list")
def implementation_list(
    ctx: typer.Context,
    vm: VmName,
    boot: Annotated[int | None, typer.Option(min=1, metavar="N", help="An earlier boot instead of this one.")] = None,
    qemu: ForQemu = False,
) -> None:
    """The list that is in force: what the VMM must expose."""
    with session(ctx) as (client, output):
        if qemu:
            typer.echo(client.ask(calls.of_vm_for_qemu(vm, boot)))
        else:
            output.show(client.ask(calls.of_vm(vm, boot)), list_view)


@implementation_lists.callback()
def _lists() -> None:
    """Implementation lists by digest."""


@implementation_lists.command()
def show(
    ctx: typer.Context,
    digest: Annotated[str, typer.Argument(metavar="DIGEST", help="sha256:… of a list.", show_default=False)],
    qemu: ForQemu = False,
) -> None:
    """A list by its digest, whoever has it."""
    with session(ctx) as (client, output):
        if qemu:
            typer.echo(client.ask(calls.for_qemu(digest)))
        else:
            output.show(client.ask(calls.read(digest)), content_view)
