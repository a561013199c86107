"""What a list does to the guest: errata it switches on, protections it would take away."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from app.api.context import ContextDep
from app.api.documentation import refuses
from app.api.implementation_lists import whole_digest
from app.api.models.common import EXAMPLE_DIGEST, Text
from app.api.models.effects import EffectsOut
from app.api.parameters import VmName
from app.api.routes import GuardedRoute
from app.domain.errors import InputFault, InvalidInput
from app.domain.reference.kernels import KernelVersion
from app.services import effects

router: Final = APIRouter(prefix="/v1", tags=["Effects"], route_class=GuardedRoute)


KernelQuery = Annotated[
    Text | None,
    Query(description="The guest's kernel; by default the newest that the tables describe.", examples=["7.3"]),
]


@router.get(
    "/vms/{vm}/implementation-list/effects",
    response_model=EffectsOut,
    summary="What the list in force does to the guest",
    responses=refuses("vm_not_found", "no_current_list"),
)
async def get_vm_effects(context: ContextDep, vm: VmName, kernel: KernelQuery = None) -> EffectsOut:
    """Errata and mitigations with the CPUs that cause them, also those that only other hosts cause."""
    digest, found = await effects.effects_of_vm(context, vm, _kernel(kernel))
    return EffectsOut.from_domain(digest, found, context.reference.names)


@router.get(
    "/implementation-lists/{digest}/effects",
    response_model=EffectsOut,
    summary="What a list does to any guest",
    responses=refuses("implementation_list_not_found"),
)
async def get_list_effects(
    context: ContextDep,
    digest: Annotated[
        str, Path(max_length=100, description="`sha256:…` or its 64 digits alone.", examples=[EXAMPLE_DIGEST])
    ],
    kernel: KernelQuery = None,
) -> EffectsOut:
    """The same by content, for a guest that is told of the list."""
    whole = whole_digest(digest)
    found = await effects.effects_of_list(context, whole, _kernel(kernel))
    return EffectsOut.from_domain(whole, found, context.reference.names)


def _kernel(written: str | None) -> KernelVersion | None:
    try:
        return None if written is None else KernelVersion.parse(written)
    except ValueError as error:
        raise InvalidInput([InputFault("/kernel", str(error), "query")]) from None
