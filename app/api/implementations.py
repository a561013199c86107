"""The implementations of the fleet."""

from typing import Final

from fastapi import APIRouter

from app.api.context import ContextDep
from app.api.documentation import refuses
from app.api.models.implementations import FleetImplementationOut, FleetImplementationsOut
from app.api.paging import Paging, encode_cursor
from app.api.routes import GuardedRoute
from app.services import implementations

router: Final = APIRouter(prefix="/v1", tags=["Inventory"], route_class=GuardedRoute)


@router.get(
    "/implementations",
    response_model=FleetImplementationsOut,
    summary="List the fleet's CPU implementations",
    responses=refuses("invalid_cursor"),
)
async def list_implementations(context: ContextDep, page: Paging) -> FleetImplementationsOut:
    """Every distinct implementation with its name, its decoded MIDR_EL1, and how many hosts have it, by state."""
    found, revision = await implementations.list_implementations(context, page)
    names = context.reference.names
    items = [FleetImplementationOut.from_fleet(each, names) for each in found.items]
    return FleetImplementationsOut(items=items, next_cursor=encode_cursor(found.next_after), fleet_revision=revision)
