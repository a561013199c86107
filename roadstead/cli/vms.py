"""`roadstead vms`. What is about the boots, the list, the targets or the migrations of a VM is in modules of theirs."""

from typing import Annotated

import typer

from roadstead.cli import boots, hypercalls, implementation_lists, migrations, targets
from roadstead.cli.applying import DefinitionFile, DryRun, apply_file, export_all
from roadstead.cli.choices import VmState
from roadstead.cli.lists import each_of
from roadstead.cli.options import Limit, VmNames, command_group, page_size
from roadstead.cli.resources import VM
from roadstead.cli.session import session
from roadstead.cli.turns import remove_each, show_each
from roadstead.cli.views.vms import VMS, vm_view
from roadstead.client import vms as calls

vms = command_group()

SomeNames = Annotated[list[str] | None, typer.Argument(metavar="[VM]...", help="By default all.", show_default=False)]
States = Annotated[
    list[VmState] | None, typer.Option("--state", help="Only VMs in this state. Repeat it to ask for any.")
]
OnHost = Annotated[str | None, typer.Option("--host", metavar="HOST", help="Only VMs that run on this host.")]
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
    state: States = None,
    host: OnHost = None,
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
        output.show_all(each_of(client, call), VMS, limit)


@vms.command()
def show(ctx: typer.Context, names: VmNames) -> None:
    """VMs: where they run, on which lists, whether they are exposed."""
    with session(ctx) as on:
        show_each(on, names, calls.read, vm_view)


@vms.command()
def export(
    ctx: typer.Context, names: SomeNames = None, state: States = None, host: OnHost = None, exposed: Exposed = None
) -> None:
    """Definitions of VMs as `apply` takes them: in YAML, or in JSON. All conditions must hold."""
    with session(ctx) as on:
        call = calls.find([each.value for each in state or ()], host, page_size(0), exposed=exposed)
        export_all(on, VM, call, names or ())


@vms.command()
def apply(ctx: typer.Context, file: DefinitionFile, dry_run: DryRun = False) -> None:
    """Define VMs, or change their definitions, from a file. Each has a `name` beside what the API wants of a VM."""
    with session(ctx) as on:
        apply_file(on, VM, file, dry_run=dry_run)


@vms.command()
def delete(ctx: typer.Context, names: VmNames) -> None:
    """Forget VMs that are stopped, with their boots."""
    with session(ctx) as on:
        remove_each(on, names, calls.remove)


for _module in (boots, implementation_lists, hypercalls, targets, migrations):
    vms.add_typer(_module.of_vm)
