"""`roadstead hosts`. What changes hosts, and what takes them in from files, is in modules of its own."""

from typing import Annotated

import typer
from rich.console import RenderableType

from roadstead.cli import host_edits, host_imports, host_states
from roadstead.cli.applying import DefinitionFile, DryRun, apply_file, export_all
from roadstead.cli.choices import HostState
from roadstead.cli.options import HostName, HostNames, Limit, command_group, page_size
from roadstead.cli.resources import HOST
from roadstead.cli.session import session
from roadstead.cli.turns import remove_each, show_each
from roadstead.cli.views.hosts import HOSTS, history_view, host_view
from roadstead.client import documents, vms
from roadstead.client import hosts as calls

hosts = command_group()

_VMS_SHOWN = 5

SomeNames = Annotated[list[str] | None, typer.Argument(metavar="[HOST]...", help="By default all.", show_default=False)]
State = Annotated[documents.HostState, typer.Argument(help="What the host is to be.", show_default=False)]
Labels = Annotated[
    list[str] | None,
    typer.Option("--label", "-l", metavar="KEY[=VALUE]", help="Only hosts with it. Repeat it to ask for all."),
]
States = Annotated[
    list[HostState] | None,
    typer.Option("--state", help="Only hosts in this state. Repeat it to ask for any."),
]
Implementation = Annotated[
    str | None,
    typer.Option(metavar="MIDR[,REVIDR[,AIDR]]", help="Only hosts with it; registers left out may be anything."),
]
Stale = Annotated[
    bool | None,
    typer.Option("--stale/--not-stale", help="Only hosts that were not observed recently enough, or that were."),
]
Incomplete = Annotated[
    bool | None,
    typer.Option("--incomplete/--not-incomplete", help="Only hosts with an unknown register, or with none."),
]
Unreadable = Annotated[
    bool | None,
    typer.Option(
        "--unreadable/--not-unreadable", help="Only hosts that the service has and cannot read, or that it can."
    ),
]


@hosts.command("list")
def list_hosts(
    ctx: typer.Context,
    *,
    label: Labels = None,
    state: States = None,
    implementation: Implementation = None,
    stale: Stale = None,
    incomplete: Incomplete = None,
    unreadable: Unreadable = None,
    limit: Limit = 100,
) -> None:
    """Hosts by name. All conditions must hold."""
    with session(ctx) as (client, output):
        call = calls.find(
            label or (),
            [each.value for each in state or ()],
            implementation,
            page_size(limit),
            stale=stale,
            incomplete=incomplete,
            unreadable=unreadable,
        )
        output.show_all(client.each(call), HOSTS, limit)


@hosts.command()
def show(ctx: typer.Context, names: HostNames) -> None:
    """Hosts with their registers, and the VMs on them."""
    with session(ctx) as on:

        def view(host: documents.Host) -> RenderableType:
            call = vms.find(host=host["name"], page_size=_VMS_SHOWN)
            page = on.client.ask(call)
            return host_view(host, [vm["name"] for vm in page["items"]], more=page["next_cursor"] is not None)

        show_each(on, names, calls.read, view)


@hosts.command()
def history(ctx: typer.Context, host: HostName) -> None:
    """What registers a host ever reported, also of hosts that were deleted."""
    with session(ctx) as (client, output):
        output.show(client.ask(calls.history(host)), history_view)


@hosts.command("state")
def set_state(ctx: typer.Context, host: HostName, state: State) -> None:
    """Set the state of a host, whichever it has."""
    with session(ctx) as (client, output):
        output.tell(client.ask(calls.edit(host, {"state": state})), f"{host} is {state}")


@hosts.command()
def export(
    ctx: typer.Context,
    names: SomeNames = None,
    label: Labels = None,
    state: States = None,
    implementation: Implementation = None,
) -> None:
    """Hosts as `apply` and `import` take them: in YAML, or in JSON. All conditions must hold."""
    with session(ctx) as on:
        call = calls.find(label or (), [each.value for each in state or ()], implementation, page_size(0))
        export_all(on, HOST, call, names or ())


@hosts.command()
def apply(ctx: typer.Context, file: DefinitionFile, dry_run: DryRun = False) -> None:
    """Create hosts, or replace all that is said of them, from a file. Each has a `name` beside what the API wants."""
    with session(ctx) as on:
        apply_file(on, HOST, file, dry_run=dry_run)


@hosts.command()
def delete(ctx: typer.Context, names: HostNames) -> None:
    """Take hosts out of the inventory. Refused while a VM is on one; its history stays."""
    with session(ctx) as on:
        remove_each(on, names, calls.remove)


for _module in (host_imports, host_edits, host_states):
    hosts.add_typer(_module.of_hosts)
