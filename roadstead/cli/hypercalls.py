"""The commands of `roadstead vms` about what a guest asks its VMM."""

from typing import Annotated

import typer

from roadstead.cli.options import VmName, command_group
from roadstead.cli.session import session
from roadstead.cli.views.hypercalls import hypercalls_view, returns_view
from roadstead.client import hypercalls as calls
from roadstead.client.documents import Abi

of_vm = command_group()

OfAbi = Annotated[Abi, typer.Option(help="Which proposal's calls.")]


@of_vm.command()
def hypercalls(ctx: typer.Context, vm: VmName, abi: OfAbi = "kvm") -> None:
    """Every call the guest makes to learn its list, with the answers that its VMM must give."""
    with session(ctx) as (client, output):
        output.show(client.ask(calls.find(vm, abi)), hypercalls_view)


@of_vm.command("answer-hypercall")
def answer_hypercall(
    ctx: typer.Context,
    vm: VmName,
    function: Annotated[
        str, typer.Argument(metavar="FUNCTION", help="Its id, as in 0xc6000041, or its name.", show_default=False)
    ],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="REGISTER", help="x1 and up; others are 0.", show_default=False)
    ] = None,
    abi: OfAbi = "kvm",
) -> None:
    """What one call of the guest is answered with."""
    with session(ctx) as (client, output):
        output.show(client.ask(calls.answer(vm, function, arguments or (), abi)), returns_view)
