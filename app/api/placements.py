"""What a boot would get."""

from typing import Final

from fastapi import APIRouter, Depends

from app.api.context import ContextDep
from app.api.documentation import refuses
from app.api.media_types import json_body
from app.api.models.previews import PreviewIn, PreviewOut
from app.api.routes import GuardedRoute
from app.services import placements
from app.services.effects import effects_of_plan

router: Final = APIRouter(prefix="/v1", tags=["Planning"], route_class=GuardedRoute)


@router.post(
    "/placements:preview",
    response_model=PreviewOut,
    summary="What a boot would get",
    dependencies=[Depends(json_body)],
    responses=refuses(
        "host_not_found",
        "boot_refused",
        "too_many_implementations",
        "unsupported_media_type",
        "body_too_large",
        "request_timeout",
    ),
)
async def preview_placement(context: ContextDep, body: PreviewIn) -> PreviewOut:
    """The list that a boot on the host would seal, and the targets it would have. Stores nothing."""
    found = await placements.preview(context, body.host, body.placement.to_domain(), body.guest.to_domain(), body.cpus)
    return PreviewOut.from_domain(found, effects_of_plan(context, found.plan), context.reference.names)
