"""`roadstead vms`."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import RenderableType

from roadstead.cli.choices import VmState
from roadstead.cli.definitions import Document, read_documents
from roadstead.cli.options import HostName, Limit, PinnedTo, VmName, command_group, page_size, there
from roadstead.cli.session import Session, end, session
from roadstead.cli.unusable import UnusableFile
from roadstead.cli.views.explain import Explanation, brief_view, explain_view
from roadstead.cli.views.vms import TARGETS, VMS, list_view, migration_view, rejections_view, vm_view
from roadstead.client import Problem
from roadstead.client import hosts as host_calls
from roadstead.client import vms as calls
from roadstead.client.documents import Mode, Registers, Verdict

vms = command_group()

DefinitionFile = Annotated[Path, typer.Argument(help="YAML or JSON; - is standard input.", callback=there)]


@vms.command("list")
def list_vms(
    ctx: typer.Context,
    state: Annotated[
        list[VmState] | None, typer.Option(help="Only VMs in this state. Repeat it to ask for any.")
    ] = None,
    host: Annotated[str | None, typer.Option(metavar="HOST", help="Only VMs that run on this host.")] = None,
    limit: Limit = 100,
) -> None:
    """VMs by name. All conditions must hold."""
    with session(ctx) as (client, output):
        output.show_all(client.each(calls.find(state or (), host, page_size(limit))), VMS, limit)


@vms.command()
def show(ctx: typer.Context, vm: VmName) -> None:
    """One VM: where it runs, on which list, whether it is exposed."""
    with session(ctx) as (client, output):
        output.show(client.ask(calls.read(vm)), vm_view)


@vms.command()
def apply(ctx: typer.Context, file: DefinitionFile) -> None:
    """Define VMs, or change their definitions, from a file. Each has a `name` beside what the API wants of a VM."""
    with session(ctx) as on:
        refused = [problem for each in read_documents(file) if (problem := _apply(on, each))]
    end(yes=not refused)


def _apply(on: Session, definition: Document) -> Problem | None:
    """Define one VM. What the service refuses is told, so that the others can be defined."""
    if not isinstance(name := definition.pop("name", None), str):
        message = "a VM has no `name`"
        raise UnusableFile(message)
    try:
        answer = on.client.send(calls.write(name, definition))
    except Problem as problem:
        if problem.undecided:
            raise
        on.output.note(f"{name}:")
        on.output.problem(problem)
        return problem
    on.output.tell(answer.value, f"{name} is {'defined' if answer.created else 'as the file says'}")
    return None


@vms.command()
def boot(
    ctx: typer.Context,
    vm: VmName,
    host: HostName,
    cpus: PinnedTo = None,
) -> None:
    """Seal the list for a start of the VM on a host."""
    with session(ctx) as (client, output):
        output.show(client.ask(calls.boot(vm, host, cpus)), list_view)


@vms.command()
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
) -> None:
    """Take in a VM that runs already, with exactly the list that its VMM exposes."""
    exposed = [_registers(each) for each in implementation]
    with session(ctx) as (client, output):
        output.show(client.ask(calls.adopt(vm, host, mode, exposed)), list_view)


def _registers(written: str) -> Registers:
    try:
        midr, revidr, aidr = (part.strip() for part in written.split(","))
    except ValueError:
        message = f"{written!r} is not MIDR,REVIDR,AIDR"
        raise typer.BadParameter(message) from None
    return {"midr": midr, "revidr": revidr, "aidr": aidr}


@vms.command()
def stop(ctx: typer.Context, vm: VmName) -> None:
    """Say that the VMM process of a VM has ended."""
    with session(ctx) as (client, output):
        output.tell(client.ask(calls.stop(vm)), f"{vm} is stopped")


@vms.command()
def delete(ctx: typer.Context, vm: VmName) -> None:
    """Forget a VM that is stopped, with its boots."""
    with session(ctx) as (client, output):
        client.ask(calls.remove(vm))
        output.tell({"name": vm, "deleted": True}, f"{vm} is deleted")


@vms.command("implementation-list")
def implementation_list(
    ctx: typer.Context,
    vm: VmName,
    boot: Annotated[int | None, typer.Option(min=1, metavar="N", help="An earlier boot instead of this one.")] = None,
    qemu: Annotated[bool, typer.Option("--qemu", help="Print the value of QEMU's -M option.")] = False,  # noqa: FBT002 - an option
) -> None:
    """The list that is in force: what the VMM must expose."""
    with session(ctx) as (client, output):
        if qemu:
            typer.echo(client.ask(calls.qemu_option(vm, boot)))
        else:
            output.show(client.ask(calls.implementation_list(vm, boot)), list_view)


@vms.command()
def targets(
    ctx: typer.Context,
    vm: VmName,
    host: Annotated[str | None, typer.Option(metavar="HOST", help="Only say whether this host is one.")] = None,
    limit: Limit = 100,
) -> None:
    """Where a VM may move now. With --host, the exit code is 0 if it may move there, and 1 if not."""
    if host is not None:
        _judge(ctx, vm, host)
    with session(ctx) as (client, output):
        output.show_all(client.each(calls.targets(vm, page_size(limit))), TARGETS, limit)


def _judge(ctx: typer.Context, vm: str, host: str) -> NoReturn:
    with session(ctx) as (client, output):
        verdict = client.ask(calls.verdict(vm, host))
        output.show(verdict, brief_view)
    end(yes=verdict["eligible"])


@vms.command()
def explain(
    ctx: typer.Context,
    vm: VmName,
    host: Annotated[str, typer.Option("--host", metavar="HOST", help="Where it is to move.", show_default=False)],
) -> None:
    """Why a VM can or cannot move to a host. The exit code is 0 if it can, and 1 if not."""
    with session(ctx) as (client, output):

        def explained(verdict: Verdict) -> RenderableType:
            known = Explanation(verdict, client.ask(calls.read(vm)), client.ask(host_calls.read(host)))
            return explain_view(known)

        verdict = client.ask(calls.verdict(vm, host))
        output.show(verdict, explained)
    end(yes=verdict["eligible"])


@vms.command()
def rejections(ctx: typer.Context, vm: VmName) -> None:
    """Why hosts are no targets of a VM, by reason; a host with several reasons counts under each."""
    with session(ctx) as (client, output):
        output.show(client.ask(calls.rejections(vm)), rejections_view)


@vms.command()
def migrate(ctx: typer.Context, vm: VmName, host: HostName) -> None:
    """Have a move to a host admitted. Move the guest then, and say how it went: `roadstead migrations`."""
    with session(ctx) as (client, output):
        output.show(client.ask(calls.migrate(vm, host)), migration_view)
