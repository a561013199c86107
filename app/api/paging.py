"""Pages of long answers: limit and cursor."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Final

from fastapi import Depends, Query

from app.domain.errors import InvalidCursor
from app.domain.paging import PageRequest

_NUMBER: Final = re.compile(r"[0-9]{1,9}")


Cursor = Annotated[
    str | None, Query(max_length=1024, description="`next_cursor` of the page before; leave out for the first.")
]


Limit = Annotated[int, Query(ge=1, le=1000, description="How many items to answer at most.")]


async def _page(limit: Limit = 100, cursor: Cursor = None) -> PageRequest:
    return page_after(cursor, limit)


def page_after(cursor: str | None, limit: int) -> PageRequest:
    """The page that a cursor asks for. Raises InvalidCursor."""
    return PageRequest("" if cursor is None else _decoded(cursor), limit)


Paging = Annotated[PageRequest, Depends(_page)]


def encode_cursor(after: str | None) -> str | None:
    """A cursor for what follows a key; None for nothing."""
    return None if after is None else urlsafe_b64encode(after.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> str:
    try:
        after = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        raise InvalidCursor from None
    if not after or encode_cursor(after) != cursor or "\x00" in after:
        raise InvalidCursor
    return after


async def _number_page(page: Paging) -> PageRequest:
    if page.after and not _NUMBER.fullmatch(page.after):
        raise InvalidCursor
    return page


NumberPaging = Annotated[PageRequest, Depends(_number_page)]
"""Paging through what is ordered by number."""
