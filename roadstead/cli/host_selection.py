"""Which hosts a command is about: those that are named, or those that have labels."""

from collections.abc import Sequence
from typing import Annotated

import typer

from roadstead.cli.session import Session, end
from roadstead.client import hosts as calls
from roadstead.client.documents import HostState

SomeHosts = Annotated[list[str] | None, typer.Argument(metavar="[HOST]...", help="Names of hosts.", show_default=False)]
Labelled = Annotated[
    list[str] | None,
    typer.Option(
        "--label", "-l", metavar="KEY[=VALUE]", help="Instead of names: hosts with it. Repeat it to ask for all."
    ),
]


def selected(
    on: Session, names: Sequence[str] | None, labels: Sequence[str] | None, states: Sequence[HostState] = ()
) -> list[str]:
    """The names; where hosts are asked for by label, of those in one of the states. Ends the command without any."""
    if bool(names) == bool(labels):
        message = "give either names of hosts, or --label"
        raise typer.BadParameter(message)
    if names:
        return list(dict.fromkeys(names))
    found = [each["name"] for each in on.client.each(calls.find(labels or (), states, None, 1000))]
    if not found:
        among = f" that is {' or '.join(states)}" if states else ""
        on.output.note(f"There is no host with {' and '.join(labels or ())}{among}.")
        end(yes=False)
    return found
