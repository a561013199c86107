"""`roadstead migrations`, and `roadstead vms migrate`, with which one is admitted."""

from typing import Annotated

import typer

from roadstead.cli.lists import each_of
from roadstead.cli.options import HostName, Limit, VmName, command_group, page_size
from roadstead.cli.session import session
from roadstead.cli.turns import show_each
from roadstead.cli.views.migrations import MIGRATIONS, migration_view
from roadstead.client import migrations as calls
from roadstead.client.documents import MigrationState

migrations = command_group()

of_vm = command_group()

Id = Annotated[str, typer.Argument(metavar="ID", help="Id of a migration.", show_default=False)]


Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of migrations.", show_default=False)]


@of_vm.command()
def migrate(ctx: typer.Context, vm: VmName, host: HostName) -> None:
    """Have a move to a host admitted. Move the guest then, and say how it went: `roadstead migrations`."""
    with session(ctx) as (client, output):
        output.show(client.ask(calls.admit(vm, host)), migration_view)


@migrations.command("list")
def list_migrations(
    ctx: typer.Context,
    vm: Annotated[
        str | None, typer.Option(metavar="VM", help="Only migrations of this VM, and of earlier ones of its name.")
    ] = None,
    state: Annotated[MigrationState | None, typer.Option(help="Only migrations in this state.")] = None,
    limit: Limit = 100,
) -> None:
    """Migrations in the order of their admission."""
    with session(ctx) as (client, output):
        output.show_all(each_of(client, calls.find(vm, state, page_size(limit))), MIGRATIONS, limit)


@migrations.command()
def show(ctx: typer.Context, ids: Ids) -> None:
    """Migrations with their times and lists."""
    with session(ctx) as on:
        show_each(on, ids, calls.read, migration_view)


@migrations.command()
def verify(ctx: typer.Context, migration: Id) -> None:
    """At the destination, just before the guest moves: exit code 0 if it may, and 1 if it must not."""
    with session(ctx) as (client, output):
        verified = client.ask(calls.verify(migration))
        output.tell(verified, f"{verified['vm']} may move to {verified['target']}")


@migrations.command()
def complete(ctx: typer.Context, migration: Id) -> None:
    """Say that the guest runs on the target."""
    with session(ctx) as (client, output):
        completed = client.ask(calls.complete(migration))
        output.tell(completed, f"{completed['vm']} is on {completed['target']}")


@migrations.command()
def fail(ctx: typer.Context, migration: Id) -> None:
    """Say that the guest did not move."""
    with session(ctx) as (client, output):
        failed = client.ask(calls.fail(migration))
        output.tell(failed, f"{failed['vm']} stays on {failed['source']}")
