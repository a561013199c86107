"""What may share a list."""

from typing import Final

from fastapi import APIRouter

from app.api.context import ContextDep
from app.api.documentation import problems
from app.api.models.compatibility import CompatibilityOut
from app.api.routes import GuardedRoute
from app.services import compatibility

router: Final = APIRouter(prefix="/v1", tags=["Effects"], route_class=GuardedRoute)


@router.get(
    "/compatibility",
    response_model=CompatibilityOut,
    summary="Which CPUs may share a list",
    responses=problems("database_unavailable"),
)
async def get_compatibility(context: ContextDep) -> CompatibilityOut:
    """For those who design pools: the fleet's implementations, the groups that may share a list, what forbids it."""
    found = await compatibility.fleet_compatibility(context)
    return CompatibilityOut.from_domain(found, context.reference.tables, context.reference.names)
