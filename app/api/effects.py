"""What a list does to the guest: errata it switches on, protections it would take away."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response

from app.api.dependencies import Paging, Services, VmName, encode_cursor, tagged
from app.api.documentation import problems, refuses
from app.api.lists import whole_digest
from app.api.schemas.common import EXAMPLE_DIGEST, Text
from app.api.schemas.effects import CompatibilityOut, ConcernOut, EffectsOut, ErrataOut, ErratumOut
from app.domain.errors import InputFault, InvalidInput
from app.domain.kernels import KernelVersion
from app.domain.paging import Page
from app.services import effects

router: Final = APIRouter(prefix="/v1", tags=["Effects"])

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
async def get_vm_effects(services: Services, vm: VmName, kernel: KernelQuery = None) -> EffectsOut:
    """Errata and mitigations with the CPUs that cause them, also those that only other hosts cause."""
    digest, found = await effects.effects_of_vm(services, vm, _kernel(kernel))
    return EffectsOut.from_domain(digest, found, services.reference.names)


@router.get(
    "/implementation-lists/{digest}/effects",
    response_model=EffectsOut,
    summary="What a list does to any guest",
    responses=refuses("implementation_list_not_found"),
)
async def get_list_effects(
    services: Services,
    digest: Annotated[
        str, Path(max_length=100, description="`sha256:…` or its 64 digits alone.", examples=[EXAMPLE_DIGEST])
    ],
    kernel: KernelQuery = None,
) -> EffectsOut:
    """The same by content, for a guest that is told of the list."""
    whole = whole_digest(digest)
    found = await effects.effects_of_list(services, whole, _kernel(kernel))
    return EffectsOut.from_domain(whole, found, services.reference.names)


@router.get(
    "/errata",
    response_model=ErrataOut,
    summary="List the tables",
    responses=problems("invalid_request", "invalid_cursor"),
)
async def list_errata(services: Services, page: Paging) -> ErrataOut:
    """Every table of affected, safe or capable CPUs that is loaded, by id, and whose they are."""
    tables = services.reference.tables
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
    services: Services,
    id: Annotated[str, Path(max_length=100, examples=["ARM64_SPECTRE_BHB"])],  # noqa: A002 - its name in the contract
) -> Response:
    """One entry, with the implementations of the fleet that it counts and how many hosts have them."""
    found = await effects.concern(services, id)
    out = ConcernOut.from_concern(found, services.reference.tables.version, services.reference.names)
    return tagged(request, out)


@router.get(
    "/compatibility",
    response_model=CompatibilityOut,
    summary="Which CPUs may share a list",
    responses=problems("database_unavailable"),
)
async def get_compatibility(services: Services) -> CompatibilityOut:
    """For those who design pools: the fleet's implementations, the groups that may share a list, what forbids it."""
    found = await effects.fleet_compatibility(services)
    return CompatibilityOut.from_domain(found, services.reference.tables, services.reference.names)


def _kernel(written: str | None) -> KernelVersion | None:
    try:
        return None if written is None else KernelVersion.parse(written)
    except ValueError as error:
        raise InvalidInput([InputFault("/kernel", str(error), "query")]) from None
