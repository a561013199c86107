"""`roadstead collect` where options of all commands stand before it. Otherwise `main` runs the collector at once."""

from collections.abc import Iterator

import typer

from roadstead.cli.options import command_group, given
from roadstead.collector.command import main

collect = command_group()


@collect.command("collect", context_settings={"ignore_unknown_options": True, "help_option_names": []})
def run_collector(
    ctx: typer.Context,
    arguments: list[str] = typer.Argument(default_factory=list, hidden=True),  # noqa: B008 - Typer's
) -> None:
    """Report the CPUs of this host."""
    raise typer.Exit(main([*_before(ctx), *arguments]))


def _before(ctx: typer.Context) -> Iterator[str]:
    """The options that stand before the command, as the collector takes them. It knows the environment itself."""
    for name, value in given(ctx).items():
        if name != "output":
            yield f"--{name.replace('_', '-')}={value}"
