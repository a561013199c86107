"""Options that all commands have, and the arguments that many share.

An option of all commands may stand before the command or behind it. The one behind wins, then the one before, then
the environment.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer
from typer.main import get_command

_KEY: Final = "roadstead.options"
_GIVEN: Final = "roadstead.options.given"
_FROM_COMMAND_LINE: Final = "COMMANDLINE"
"""Typer has no public name for where a value comes from."""

_LARGEST_PAGE: Final = 1000

Options = dict[str, Any]

Format = Literal["table", "wide", "json", "yaml", "name"]

STANDARD_INPUT: Final = Path("-")

HostName = Annotated[str, typer.Argument(metavar="HOST", help="Name of a host.", show_default=False)]
HostNames = Annotated[list[str], typer.Argument(metavar="HOST...", help="Names of hosts.", show_default=False)]
VmName = Annotated[str, typer.Argument(metavar="VM", help="Name of a VM.", show_default=False)]
VmNames = Annotated[list[str], typer.Argument(metavar="VM...", help="Names of VMs.", show_default=False)]
PinnedTo = Annotated[
    str | None, typer.Option("--cpus", metavar="LIST", help="CPUs of the host to pin it to, as in 0-3.")
]
Limit = Annotated[int, typer.Option(min=0, help="Show at most this many; 0 shows all.")]


def there(path: Path | None) -> Path | None:
    """For arguments that are files to read. Typer's own check takes `-` for the name of one."""
    if path is None or path == STANDARD_INPUT or (path.exists() and not path.is_dir()):
        return path
    message = f"there is no file {path}"
    raise typer.BadParameter(message)


def command_group() -> typer.Typer:
    """Where the module of a command puts what belongs to it."""
    return typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)


def page_size(limit: int) -> int:
    """How many items to ask for at a time: one more than is shown tells whether there is more."""
    return min(limit + 1, _LARGEST_PAGE) if limit else _LARGEST_PAGE


def chosen(ctx: typer.Context) -> Options:
    """The values that hold for this command, by the names of the options."""
    options: Options = ctx.meta[_KEY]
    return options


def given(ctx: typer.Context) -> Options:
    """Those of the values that stand on the command line."""
    options: Options = ctx.meta.get(_GIVEN, {})
    return options


def _keep(ctx: typer.Context, param: typer.CallbackParam, value: object) -> object:
    options: Options = ctx.meta.setdefault(_KEY, {})
    source = ctx.get_parameter_source(param.name)
    if source and source.name == _FROM_COMMAND_LINE:
        options[param.name] = ctx.meta.setdefault(_GIVEN, {})[param.name] = value
    else:
        options.setdefault(param.name, value)
    return value


def _option(*names: str, env: str, help: str, **more: Any) -> Any:  # noqa: A002 - as Typer has it
    return typer.Option(*names, envvar=env, help=help, callback=_keep, expose_value=False, show_envvar=True, **more)


def _file(name: str, env: str, help: str) -> Any:  # noqa: A002 - the same
    # Not looked for here: a file that is named in the environment may be meant for other commands.
    return _option(name, env=env, help=help, metavar="FILE")


def server_options(
    server: Annotated[
        str, _option("--server", env="ROADSTEAD_SERVER", help="Address of the service.", metavar="URL")
    ] = "http://127.0.0.1:8000",
    token_file: Annotated[
        Path | None, _file("--token-file", "ROADSTEAD_TOKEN_FILE", "Bearer token, alone in a file.")
    ] = None,
    ca: Annotated[Path | None, _file("--ca", "ROADSTEAD_CA", "Certificates to trust instead of the system's.")] = None,
    client_cert: Annotated[
        Path | None, _file("--client-cert", "ROADSTEAD_CLIENT_CERT", "Certificate to show to the service.")
    ] = None,
    client_key: Annotated[
        Path | None, _file("--client-key", "ROADSTEAD_CLIENT_KEY", "Its key, if in a file of its own.")
    ] = None,
    retries: Annotated[
        int, _option("--retries", env="ROADSTEAD_RETRIES", help="Tries after the first.", min=0, metavar="N")
    ] = 3,
) -> None:
    """Options of commands that ask the service."""


def output_options(
    output: Annotated[
        Format,
        _option(
            "--output", "-o", env="ROADSTEAD_OUTPUT", help="For people: table, wide. For programs: json, yaml, name."
        ),
    ] = "table",
) -> None:
    """Options of commands that print something."""


def add_options(command: Any, declared: Iterable[Callable[..., None]], *, brief: bool) -> None:
    """Give a command the options that are declared as the parameters of these functions."""
    added = [parameter for each in declared for parameter in _parameters(each)]
    if brief:
        for parameter in added:
            parameter.show_envvar = parameter.show_default = False
    command.params += added


def _parameters(declared: Callable[..., None]) -> list[Any]:
    carrier = command_group()
    carrier.command()(declared)
    return get_command(carrier).params
