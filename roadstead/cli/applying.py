"""`apply` and `export`: what the service has, in a form that it can be given again."""

from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from roadstead.cli.definitions import Document, as_yaml, read_documents
from roadstead.cli.lists import each_of
from roadstead.cli.options import there
from roadstead.cli.resources import Resource
from roadstead.cli.session import Session
from roadstead.cli.turns import Turns
from roadstead.cli.unusable import UnusableFile
from roadstead.cli.views.differences import difference_view
from roadstead.client import Call
from roadstead.client.documents import Page

DefinitionFile = Annotated[Path, typer.Argument(help="YAML or JSON; - is standard input.", callback=there)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")]


def export_all(on: Session, resource: Resource, everything: Call[Page[Any]], names: Sequence[str]) -> NoReturn:
    """Of those that are named, or of everything, what can be applied again."""
    if names and any(value not in (None, []) for name, value in everything.query.items() if name != "limit"):
        message = f"give either names of {resource.word}s, or conditions"
        raise typer.BadParameter(message)
    turns = Turns(on, names)
    found = turns.take(lambda name: on.client.ask(resource.read(name))) if names else each_of(on.client, everything)
    on.output.export(map(resource.definition, found))
    turns.end()


def apply_file(on: Session, resource: Resource, file: Path, *, dry_run: bool) -> NoReturn:
    """Write each of a file. What the service refuses is told, and the others are written."""
    wanted = _definitions(resource, file)
    turn = _compare if dry_run else _write
    Turns(on, list(wanted)).all(lambda name: turn(on, resource, name, wanted[name]))


def _definitions(resource: Resource, file: Path) -> dict[str, Document]:
    found: dict[str, Document] = {}
    for document in read_documents(file):
        name, definition = resource.named(document)
        if name in found:
            message = f"{file}: {resource.word} {name} stands in it twice"
            raise UnusableFile(message)
        found[name] = definition
    return found


def _write(on: Session, resource: Resource, name: str, definition: Document) -> None:
    answer = on.client.send(resource.write(name, definition))
    on.output.tell(answer.value, f"{name} is {resource.begun if answer.created else 'as the file says'}")


def _compare(on: Session, resource: Resource, name: str, definition: Document) -> None:
    rehearsed = on.client.send(resource.write(name, definition, dry_run=True))
    present = None if rehearsed.created else resource.definition(on.client.ask(resource.read(name)))
    future = resource.definition(rehearsed.value)
    difference = {"name": name, "created": present is None, "before": present, "after": future}
    lines = list(unified_diff(_lines(present), _lines(future), f"{name} as it is", f"{name} as it would be"))
    on.output.show(difference, lambda _: difference_view(f"{name} would stay as it is", lines))


def _lines(document: Any) -> list[str]:
    return [] if document is None else as_yaml(document).splitlines(keepends=True)
