"""`roadstead collect` where options of all commands stand before it. Otherwise `main` runs the collector at once."""

import typer

from roadstead.cli.options import command_group
from roadstead.collector.command import main

collect = command_group()


@collect.command("collect", context_settings={"ignore_unknown_options": True, "help_option_names": []})
def run_collector(arguments: list[str] = typer.Argument(default_factory=list, hidden=True)) -> None:  # noqa: B008 - Typer's
    """Report the CPUs of this host."""
    raise typer.Exit(main(arguments))
