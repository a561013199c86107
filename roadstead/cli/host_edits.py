"""The commands of `roadstead hosts` that change what is said of hosts: labels, capacity, capabilities."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, cast

import typer

from roadstead.cli.csv_hosts import SETTABLE, place
from roadstead.cli.definitions import Document
from roadstead.cli.host_changes import change_each
from roadstead.cli.host_selection import Labelled, selected
from roadstead.cli.options import command_group
from roadstead.cli.session import session
from roadstead.cli.turns import Declined
from roadstead.cli.views.tables import labels as in_words
from roadstead.client.documents import Host, HostPatch

of_hosts = command_group()

LabelWords = Annotated[
    list[str],
    typer.Argument(metavar="[HOST]... KEY=VALUE|KEY-...", help="KEY- takes the label away.", show_default=False),
]
PropertyWords = Annotated[
    list[str],
    typer.Argument(
        metavar="[HOST]... PROPERTY=VALUE...",
        help=f"One of {', '.join(SETTABLE)}; an empty value makes it unknown.",
        show_default=False,
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Also labels that hosts have with another value.")]


@of_hosts.command()
def label(ctx: typer.Context, words: LabelWords, labels: Labelled = None, overwrite: Overwrite = False) -> None:
    """Give labels to hosts, or take them away."""
    names, changes = _label_changes(words)

    def decide(host: Host) -> HostPatch | None:
        if not overwrite:
            _keep_others(host, changes)
        return {"labels": changes} if any(host["labels"].get(key) != changes[key] for key in changes) else None

    with session(ctx) as on:
        chosen = selected(on, names, labels)
        change_each(on, chosen, decide, lambda host: f"{host['name']} is labelled {in_words(host['labels'])}")


@of_hosts.command("set")
def set_properties(ctx: typer.Context, words: PropertyWords, labels: Labelled = None) -> None:
    """Set what is said of hosts beside their CPUs: capacity, capabilities, kernel and VMM."""
    names, told = _split(words, lambda word: "=" in word, "PROPERTY=VALUE")
    patch = cast("HostPatch", _patch(told))  # what is in it is for the service to judge
    with session(ctx) as on:
        change_each(
            on, selected(on, names, labels), lambda _: patch, lambda host: f"{host['name']} has {' '.join(told)}"
        )


def _label_changes(words: Sequence[str]) -> tuple[list[str], dict[str, str | None]]:
    names, told = _split(words, lambda word: "=" in word or word.endswith("-"), "KEY=VALUE or KEY-")
    pairs = (word.partition("=") for word in told)
    return names, {key if equals else key[:-1]: value if equals else None for key, equals, value in pairs}


def _split(words: Sequence[str], is_told: Callable[[str], bool], form: str) -> tuple[list[str], list[str]]:
    """Names of hosts, and what is told of them."""
    told = [word for word in words if is_told(word)]
    if not told:
        message = f"nothing is told of the hosts: give {form}"
        raise typer.BadParameter(message)
    return [word for word in words if not is_told(word)], told


def _keep_others(host: Host, changes: Mapping[str, str | None]) -> None:
    """Raises Declined where a label has a value that somebody may want to keep."""
    for key, value in changes.items():
        present = host["labels"].get(key, value)
        if value is not None and present != value:
            message = f"{host['name']} is labelled {key}={present}; --overwrite replaces that"
            raise Declined(message)


def _patch(told: Sequence[str]) -> Document:
    patch: Document = {}
    for name, _, value in (each.partition("=") for each in told):
        if name not in SETTABLE:
            near = get_close_matches(name, SETTABLE, 1)
            hint = f"did you mean {near[0]}?" if near else f"it is one of {', '.join(SETTABLE)}"
            message = f"hosts have no property {name!r} that can be set: {hint}"
            raise typer.BadParameter(message)
        place(patch, name, value)
    return patch
