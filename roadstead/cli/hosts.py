"""`roadstead hosts`."""

from pathlib import Path
from typing import Annotated

import typer

from roadstead.cli.choices import HostState
from roadstead.cli.host_files import HostFile, HostFormat
from roadstead.cli.options import HostName, Limit, command_group, page_size, there
from roadstead.cli.session import session
from roadstead.cli.views.hosts import HOSTS, history_view, host_view, imported_sentence
from roadstead.client import documents
from roadstead.client import hosts as calls

hosts = command_group()

State = Annotated[documents.HostState, typer.Argument(help="What the host is to be.", show_default=False)]
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
    label: Annotated[
        list[str] | None, typer.Option(metavar="KEY[=VALUE]", help="Only hosts with it. Repeat it to ask for all.")
    ] = None,
    state: Annotated[
        list[HostState] | None, typer.Option(help="Only hosts in this state. Repeat it to ask for any.")
    ] = None,
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
def show(ctx: typer.Context, host: HostName) -> None:
    """One host, with its registers."""
    with session(ctx) as (client, output):
        output.show(client.ask(calls.read(host)), host_view)


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
def delete(ctx: typer.Context, host: HostName) -> None:
    """Take a host out of the inventory. Refused while a VM is on it; its history stays."""
    with session(ctx) as (client, output):
        client.ask(calls.remove(host))
        output.tell({"name": host, "deleted": True}, f"{host} is deleted")


@hosts.command("import")
def import_hosts(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="NDJSON or CSV; - is standard input.", callback=there)],
    form: Annotated[
        HostFormat | None, typer.Option("--format", help="By default csv for *.csv, ndjson for all else.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Validate, count, and write nothing.")] = False,  # noqa: FBT002 - an option
) -> None:
    """Create and replace hosts from a file, all or nothing. The file may be of any size."""
    lines = HostFile.of(file, form)
    with session(ctx) as (client, output):
        with output.progress(str(file), lines.size) as seen:
            call = calls.take_in(lambda: lines.chunks(seen), dry_run=dry_run, repeatable=lines.repeatable)
            imported = client.ask(call)
        output.tell(imported, imported_sentence(imported))
