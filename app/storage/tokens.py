"""Tokens: what a number counts in the database is told by the number and a token, for a restored one counts anew."""

import secrets
from typing import Final

_BYTES: Final = 8


def new_token() -> bytes:
    """For one write. A number and its token stand for one content in all histories; a number alone for several."""
    return secrets.token_bytes(_BYTES)
