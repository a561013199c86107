"""Reference data that was checked."""

from collections.abc import Sequence
from typing import TypedDict

from rich.console import Group, RenderableType
from rich.text import Text


class CheckedFault(TypedDict):
    pointer: str
    line: int
    detail: str


class CheckedFile(TypedDict):
    file: str
    kind: str
    good: bool
    contents: str | None
    """What is in it, if it is good."""
    faults: Sequence[CheckedFault]


def checked_view(checked: CheckedFile) -> RenderableType:
    if checked["good"]:
        return Text.assemble(("✓ ", "green"), f"{checked['file']}: {checked['contents']}")
    count = len(checked["faults"])
    return Group(
        Text.assemble(
            ("✗ ", "red"), f"{checked['file']}: {count} fault{'s' if count > 1 else ''} in {checked['kind']}"
        ),
        *(
            Text.assemble(
                "  ", (fault["pointer"] or "the document", "bold"), f": {fault['detail']} (line {fault['line']})"
            )
            for fault in checked["faults"]
        ),
    )
