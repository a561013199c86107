"""The commands of `roadstead vms` about the life of a VMM process: boot, adopt, stop."""

from typing import Annotated

import typer

from roadstead.cli.options import HostName, Limit, PinnedTo, VmName, VmNames, command_group, page_size
from roadstead.cli.session import session
from roadstead.cli.turns import Turns
from roadstead.cli.views.implementation_lists import BOOTS, list_view
from roadstead.client import boots as calls
from roadstead.client.documents import Mode, RegistersInput

of_vm = command_group()


@of_vm.command()
def boot(
    ctx: typer.Context,
    vm: VmName,
    host: HostName,
    cpus: PinnedTo = None,
) -> None:
    """Seal the list for a start of the VM on a host."""
    with session(ctx) as (client, output):
        output.show(client.ask(calls.boot(vm, host, cpus)), list_view)


@of_vm.command()
def adopt(
    ctx: typer.Context,
    vm: VmName,
    host: HostName,
    implementation: Annotated[
        list[str],
        typer.Option(
            metavar="MIDR,REVIDR,AIDR", help="What the VMM tells the guest, in this order.", show_default=False
        ),
    ],
    mode: Annotated[Mode, typer.Option(help="Whether the guest can ask the VMM for the list.")] = "discoverable",
    cpus: PinnedTo = None,
) -> None:
    """Take in a VM that runs already, with exactly the list that its VMM exposes."""
    exposed = [_registers(each) for each in implementation]
    with session(ctx) as (client, output):
        output.show(client.ask(calls.adopt(vm, host, mode, exposed, cpus)), list_view)


def _registers(written: str) -> RegistersInput:
    try:
        midr, revidr, aidr = (part.strip() for part in written.split(","))
    except ValueError:
        message = f"{written!r} is not MIDR,REVIDR,AIDR"
        raise typer.BadParameter(message) from None
    return {"midr": midr, "revidr": revidr, "aidr": aidr}


@of_vm.command()
def stop(ctx: typer.Context, names: VmNames) -> None:
    """Say that the VMM processes of VMs have ended."""
    with session(ctx) as on:
        Turns(on, names).all(lambda vm: on.output.tell(on.client.ask(calls.stop(vm)), f"{vm} is stopped"))


@of_vm.command()
def boots(ctx: typer.Context, vm: VmName, limit: Limit = 100) -> None:
    """Every boot of a VM, the oldest first."""
    with session(ctx) as (client, output):
        output.show_all(client.each(calls.find(vm, page_size(limit))), BOOTS, limit)
