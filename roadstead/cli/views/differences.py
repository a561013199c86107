"""What would change, line by line."""

from collections.abc import Mapping, Sequence
from typing import Final

from rich.text import Text

_STYLES: Final[Mapping[str, str]] = {"+": "green", "-": "red", "@": "cyan"}


def difference_view(if_none: str, lines: Sequence[str]) -> Text:
    """A unified diff, or a sentence where it is empty."""
    if not lines:
        return Text(if_none)
    return Text("\n").join(Text(line.rstrip("\n"), _STYLES.get(line[0], "")) for line in lines)
