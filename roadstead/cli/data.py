"""`roadstead data`: reference data of your own (ROADSTEAD_DATA_DIR), checked before a service is started with it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from app.domain.reference.documents import Fault, InvalidDocument
from app.domain.reference.errata_format import read_errata_tables
from app.domain.reference.kernels import read_kernel_behaviours
from roadstead.cli.options import chosen, command_group
from roadstead.cli.output import Output
from roadstead.cli.session import end
from roadstead.cli.views.data import CheckedFault, CheckedFile, checked_view

data = command_group()

_ERRATA = "errata.json"
_KERNELS = "kernels.json"


@data.callback()
def _group() -> None:
    """Reference data of your own."""


@data.command()
def check(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="A replacement of errata.json or kernels.json.", exists=True, dir_okay=False)
    ],
) -> None:
    """Read a file as the service would, and name every fault. Asks no service. Exit code 0 if it is good, 1 if not."""
    checked = _checked(file)
    Output(chosen(ctx)["output"]).show(checked, checked_view)
    end(yes=checked["good"])


def _checked(file: Path) -> CheckedFile:
    try:
        document = json.loads(file.read_bytes())
    except ValueError as error:
        return _faulty(file, "JSON", [Fault("", str(error))])
    kind = _KERNELS if isinstance(document, dict) and "behaviours" in document else _ERRATA
    try:
        contents = _read(kind, document)
    except InvalidDocument as error:
        return _faulty(file, kind, error.faults)
    return {"file": str(file), "kind": kind, "good": True, "contents": contents, "faults": []}


def _read(kind: str, document: object) -> str:
    """What is in the document, in a few words. Raises InvalidDocument."""
    if kind == _KERNELS:
        return f"{len(read_kernel_behaviours(document).spans)} kernel behaviours"
    tables = read_errata_tables(document)
    return f"{len(tables.entries)} tables of {tables.version}, {len(tables.omissions)} left out"


def _faulty(file: Path, kind: str, faults: list[Fault] | tuple[Fault, ...]) -> CheckedFile:
    named = [CheckedFault(pointer=fault.pointer, detail=fault.detail) for fault in faults]
    return {"file": str(file), "kind": kind, "good": False, "contents": None, "faults": named}
