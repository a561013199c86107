"""`roadstead hosts import`."""

from pathlib import Path
from typing import Annotated

import typer

from roadstead.cli.host_files import HostFile, HostFormat
from roadstead.cli.options import command_group, there
from roadstead.cli.session import session
from roadstead.cli.views.hosts import imported_sentence
from roadstead.client import hosts as calls

of_hosts = command_group()


@of_hosts.command("import")
def import_hosts(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="NDJSON, JSON or CSV; - is standard input.", callback=there)],
    form: Annotated[
        HostFormat | None, typer.Option("--format", help="By default csv for *.csv, ndjson for all else.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Validate, count, and write nothing.")] = False,
) -> None:
    """Create and replace hosts from a file, all or nothing. The file may be of any size."""
    lines = HostFile.of(file, form)
    with session(ctx) as (client, output):
        with output.progress(str(file), lines.size) as seen:
            call = calls.take_in(lambda: lines.chunks(seen), dry_run=dry_run, repeatable=lines.repeatable)
            imported = client.ask(call)
        output.tell(imported, imported_sentence(imported))
