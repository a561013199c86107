"""`roadstead vms`. What is about the boots, the list, the targets or the migrations of a VM is in modules of theirs."""

from pathlib import Path
from typing import Annotated, cast

import typer

from roadstead.cli import boots, hypercalls, implementation_lists, migrations, targets
from roadstead.cli.choices import VmState
from roadstead.cli.definitions import Document, read_documents
from roadstead.cli.options import Limit, VmName, command_group, page_size, there
from roadstead.cli.session import Session, end, session
from roadstead.cli.unusable import UnusableFile
from roadstead.cli.views.vms import VMS, vm_view
from roadstead.client import Problem
from roadstead.client import vms as calls
from roadstead.client.documents import VmInput

vms = command_group()

DefinitionFile = Annotated[Path, typer.Argument(help="YAML or JSON; - is standard input.", callback=there)]
Exposed = Annotated[
    bool | None, typer.Option("--exposed/--not-exposed", help="Only VMs that are exposed, or that are not.")
]
WithoutTarget = Annotated[
    bool | None,
    typer.Option(
        "--without-target/--not-without-target", help="Only VMs that run and could move nowhere, or all others."
    ),
]
AcceptingHazards = Annotated[
    bool | None,
    typer.Option(
        "--accepting-hazards/--not-accepting-hazards",
        help="Only VMs whose list weakens them by consent of their placement, or all others.",
    ),
]
Outdated = Annotated[
    bool | None,
    typer.Option(
        "--outdated/--not-outdated",
        help="Only VMs whose list lacks CPUs that a boot on their host would list now, or all others.",
    ),
]


@vms.command("list")
def list_vms(
    ctx: typer.Context,
    *,
    state: Annotated[
        list[VmState] | None, typer.Option(help="Only VMs in this state. Repeat it to ask for any.")
    ] = None,
    host: Annotated[str | None, typer.Option(metavar="HOST", help="Only VMs that run on this host.")] = None,
    exposed: Exposed = None,
    without_target: WithoutTarget = None,
    accepting_hazards: AcceptingHazards = None,
    outdated: Outdated = None,
    limit: Limit = 100,
) -> None:
    """VMs by name. All conditions must hold."""
    with session(ctx) as (client, output):
        call = calls.find(
            [each.value for each in state or ()],
            host,
            page_size(limit),
            exposed=exposed,
            without_target=without_target,
            accepting_hazards=accepting_hazards,
            outdated=outdated,
        )
        output.show_all(client.each(call), VMS, limit)


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
        # What else is in it is for the service to judge.
        answer = on.client.send(calls.write(name, cast("VmInput", definition)))
    except Problem as problem:
        if problem.undecided:
            raise
        on.output.note(f"{name}:")
        on.output.problem(problem)
        return problem
    on.output.tell(answer.value, f"{name} is {'defined' if answer.created else 'as the file says'}")
    return None


@vms.command()
def delete(ctx: typer.Context, vm: VmName) -> None:
    """Forget a VM that is stopped, with its boots."""
    with session(ctx) as (client, output):
        client.ask(calls.remove(vm))
        output.tell({"name": vm, "deleted": True}, f"{vm} is deleted")


for _module in (boots, implementation_lists, hypercalls, targets, migrations):
    vms.add_typer(_module.of_vm)
