"""The fleet as a whole."""

from typing import Final

from fastapi import APIRouter

from app.api.context import ContextDep
from app.api.documentation import refuses
from app.api.models.fleet import FleetOut
from app.api.routes import GuardedRoute
from app.services.status import fleet_status

router: Final = APIRouter(prefix="/v1", tags=["Inventory"], route_class=GuardedRoute)


@router.get("/fleet", response_model=FleetOut, summary="How the fleet stands", responses=refuses())
async def get_fleet(context: ContextDep) -> FleetOut:
    """The fleet in numbers, computed when it is asked for: what needs attention, and how much of it there is."""
    return FleetOut.from_domain(await fleet_status(context))
