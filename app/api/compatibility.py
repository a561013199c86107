"""What may share a list."""

import asyncio
import re
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response

from app.api.context import ContextDep
from app.api.documentation import refuses
from app.api.models.compatibility import CompatibilityOut, compatibility_document
from app.api.paging import Cursor, page_after
from app.api.routes import GuardedRoute
from app.domain.errors import InvalidCursor
from app.domain.paging import PageRequest
from app.services import compatibility

router: Final = APIRouter(prefix="/v1", tags=["Effects"], route_class=GuardedRoute)

_PAIR: Final = re.compile(r"[0-9]{1,9}-[0-9]{1,9}")
_MOST: Final = 10_000

PairLimit = Annotated[int, Query(ge=1, le=_MOST, description="How many pairs to answer at most.")]


async def _pair_page(limit: PairLimit = _MOST, cursor: Cursor = None) -> PageRequest:
    page = page_after(cursor, limit)
    if page.after and not _PAIR.fullmatch(page.after):
        raise InvalidCursor
    return page


@router.get(
    "/compatibility",
    response_model=CompatibilityOut,
    summary="Which CPUs may share a list",
    responses=refuses("invalid_cursor"),
)
async def get_compatibility(context: ContextDep, page: Annotated[PageRequest, Depends(_pair_page)]) -> Response:
    """For those who design pools: the fleet's implementations, the groups that may share a list, what forbids it.

    Every page has all implementations and groups; `pairs` goes on from page to page.
    """
    found = await compatibility.fleet_compatibility(context, page)
    body = await asyncio.to_thread(compatibility_document, found, context.reference)
    return Response(body, media_type="application/json")
