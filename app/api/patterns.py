"""Patterns of texts on the wire, and what they ask, in words: nobody is shown an expression."""

import re
from collections.abc import Mapping
from typing import Final

from app.sentences import shown

NAME: Final = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$"
PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$"
TABLE_ID: Final = "^[A-Za-z0-9_]{1,100}$"
MIGRATION_ID: Final = "^[0-9A-Za-z-]{1,64}$"
IDEMPOTENCY_KEY: Final = r"^[\x21-\x7e]+$"

_ASKED: Final[Mapping[str, str]] = {
    NAME: "must be 1 to 253 of a-z 0-9 - in parts with dots between; each part begins and ends with a letter or digit",
    PRINTABLE: "must have no control characters, such as tabs or the ends of lines",
    TABLE_ID: "must be the id of a table, such as ARM64_SPECTRE_BHB",
    MIGRATION_ID: "must be the id of a migration, as its admission answered it: 1 to 64 letters, digits and hyphens",
    IDEMPOTENCY_KEY: "must be printable ASCII without spaces",
}


def mismatch(pattern: str, found: str) -> str:
    """What the pattern asks, what was found, and the same in lower case where that would do."""
    small = found.lower()
    meant = f": did you mean {small}?" if re.search(pattern, small) else ""
    return f"{_ASKED[pattern]}, not {shown(found)}{meant}"
