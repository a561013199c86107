"""`roadstead data`: reference data of your own (ROADSTEAD_DATA_DIR), checked before a service is started with it."""

from pathlib import Path
from typing import Annotated

import typer

from app.storage.reference.checking import contents, kind_of
from app.storage.reference.documents import InvalidReferenceData
from roadstead.cli.options import chosen, command_group
from roadstead.cli.output import Output
from roadstead.cli.session import end
from roadstead.cli.views.data import CheckedFault, CheckedFile, checked_view

data = command_group()


@data.callback()
def _group() -> None:
    """Reference data of your own."""


@data.command()
def check(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            help="Your errata.json, kernels.json, idregs.json, implementers.json or parts.json.",
            exists=True,
            dir_okay=False,
        ),
    ],
) -> None:
    """Read a file as the service would, and name every fault. Asks no service. Exit code 0 if it is good, 1 if not."""
    checked = _checked(file)
    Output(chosen(ctx)["output"]).show(checked, checked_view)
    end(yes=checked["good"])


def _checked(file: Path) -> CheckedFile:
    content = file.read_bytes()
    kind = kind_of(file, content)
    try:
        held = contents(kind, content)
    except InvalidReferenceData as error:
        named = [CheckedFault(pointer=each.pointer, line=each.line, detail=each.detail) for each in error.faults]
        return {"file": str(file), "kind": kind, "good": False, "contents": None, "faults": named}
    return {"file": str(file), "kind": kind, "good": True, "contents": held, "faults": []}
