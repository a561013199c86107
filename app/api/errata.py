"""The tables of errata and mitigations."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from app.api.context import ContextDep
from app.api.documentation import problems, refuses
from app.api.etags import tagged
from app.api.models.errata import ConcernOut, ErrataOut, ErratumOut
from app.api.paging import Paging, encode_cursor
from app.api.routes import GuardedRoute
from app.domain.paging import Page
from app.services import errata

router: Final = APIRouter(prefix="/v1", tags=["Effects"], route_class=GuardedRoute)


@router.get(
    "/errata",
    response_model=ErrataOut,
    summary="List the tables",
    responses=problems("invalid_request", "invalid_cursor"),
)
async def list_errata(context: ContextDep, page: Paging) -> ErrataOut:
    """Every table of affected, safe or capable CPUs that is loaded, by id, and whose they are."""
    tables = context.reference.tables
    later = sorted((each for each in tables.entries if each.id > page.after), key=lambda each: each.id)
    cut = Page.cut(later, page.limit, lambda each: each.id)
    items = [ErratumOut.from_domain(each) for each in cut.items]
    return ErrataOut(tables=tables.version, items=items, next_cursor=encode_cursor(cut.next_after))


@router.get(
    "/errata/{id}",
    response_model=ConcernOut,
    summary="Read a table, and whom of the fleet it concerns",
    responses=refuses("erratum_not_found"),
)
async def get_erratum(
    request: Request,
    context: ContextDep,
    erratum: Annotated[str, Path(alias="id", max_length=100, examples=["ARM64_SPECTRE_BHB"])],
) -> Response:
    """One entry, with the implementations of the fleet that it counts and how many hosts have them."""
    found = await errata.read_erratum(context, erratum)
    out = ConcernOut.from_concern(found, context.reference.tables.version, context.reference.names)
    return tagged(request, out)
