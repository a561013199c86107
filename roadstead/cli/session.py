"""What a command works with, the service and the terminal, and how it ends where either fails it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple, NoReturn

import typer

from roadstead.cli.options import Options, chosen
from roadstead.cli.output import Output
from roadstead.cli.unusable import UnusableFile
from roadstead.client import Client, Misconfigured, Problem, Retries, Server, Unreachable

NO: Final = 1
"""The answer is no, or the service refuses."""
UNREACHABLE: Final = 3
"""There is no answer: neither yes nor no."""


class Session(NamedTuple):
    client: Client
    output: Output


@contextmanager
def session(ctx: typer.Context) -> Iterator[Session]:
    """The service and the terminal for one command. Ends the command where the service does not do what it asks."""
    options = chosen(ctx)
    output = Output(options["output"])
    try:
        with Client(_server(options)) as client:
            yield Session(client, output)
    except Misconfigured as error:
        raise typer.BadParameter(str(error)) from error
    except UnusableFile as error:
        output.failure("unusable_file", str(error))
        raise typer.Exit(NO) from error
    except Problem as problem:
        output.problem(problem)
        raise typer.Exit(UNREACHABLE if problem.undecided else NO) from problem
    except Unreachable as error:
        output.failure("unreachable", f"{error} ({options['server']})")
        raise typer.Exit(UNREACHABLE) from error


def end(*, yes: bool) -> NoReturn:
    """End with the exit code of a yes or a no."""
    raise typer.Exit(0 if yes else NO)


def _server(options: Options) -> Server:
    return Server(
        url=options["server"],
        token_file=options["token_file"],
        ca=options["ca"],
        client_cert=options["client_cert"],
        client_key=options["client_key"],
        retries=Retries(options["retries"]),
    )
