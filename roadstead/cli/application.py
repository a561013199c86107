"""All commands by name. The module of a command is imported when the command is used, not when it is listed."""

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any, Final, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command
from typing_extensions import override

from roadstead.cli.options import add_options, output_options, server_options
from roadstead.collector.standard_output import read_to_its_end

_TALKS: Final = (server_options, output_options)


class _Entry(NamedTuple):
    module: str
    """Where the command is; the Typer in it has the name of the command, with underscores."""
    help: str
    options: Sequence[Callable[..., None]] = ()
    """Options of all commands that may also stand behind this one."""


_COMMANDS: Final = {
    "status": _Entry("status", "The fleet on one screen: what there is, what needs attention.", _TALKS),
    "hosts": _Entry("hosts", "Hosts: list, show, import, cordon, delete.", _TALKS),
    "vms": _Entry("vms", "VMs: define, boot, explain where they may move, migrate.", _TALKS),
    "migrations": _Entry("migrations", "Migrations that were admitted: verify, complete, fail.", _TALKS),
    "preview": _Entry("placements", "What a boot on a host would get. Stores nothing.", _TALKS),
    "implementation-lists": _Entry("implementation_lists", "Implementation lists by digest.", _TALKS),
    "implementations": _Entry("implementations", "The CPU implementations of the fleet.", _TALKS),
    "compatibility": _Entry("compatibility", "Which CPU implementations may share a list.", _TALKS),
    "effects": _Entry("effects", "What an implementation list does to a guest.", _TALKS),
    "errata": _Entry("errata", "The tables of errata and mitigations that are loaded.", _TALKS),
    "data": _Entry("data", "Reference data of your own.", (output_options,)),
    "serve": _Entry("service", "Run the service."),
    "db": _Entry("service", "The database of the service."),
    "collect": _Entry("collect", "Report the CPUs of this host. Its options: roadstead collect --help."),
}


class _OnDemand(TyperGroup):
    """Knows the names of its commands and a line about each; the rest is imported where one is chosen."""

    @override
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        add_options(self, _TALKS, brief=False)

    @override
    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and _command(command.name or ""), rest

    @override
    def invoke(self, ctx: Any) -> Any:
        with read_to_its_end():
            return super().invoke(ctx)


def _command(name: str) -> Any:
    entry = _COMMANDS[name]
    command = get_command(getattr(import_module(f"roadstead.cli.{entry.module}"), name.replace("-", "_")))
    for leaf in getattr(command, "commands", {name: command}).values():
        add_options(leaf, entry.options, brief=True)
    return command


app = typer.Typer(
    cls=_OnDemand,
    help="Which arm64 hosts a VM may live-migrate to, and what its guest must be told for that to be safe.",
    epilog="Exit codes: 0 yes, or done. 1 no, or refused. 2 usage. 3 the service cannot be reached, or cannot work.",
    no_args_is_help=True,
    # Plain help is there at once; rich help would take longer than most commands.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(version("roadstead"))
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def _listed() -> None:
    """Stands for a command that is not imported."""


for _name, _entry in _COMMANDS.items():
    app.command(_name, help=_entry.help)(_listed)
