"""Implementation lists: what a VMM must expose. The hot reads of the service."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from app.api.documentation import refuses
from app.api.etags import sealed_tag
from app.api.models.boots import ListOut
from app.api.models.common import EXAMPLE_DIGEST
from app.api.models.implementation_lists import ContentOut, Format
from app.api.parameters import VmName
from app.api.representations import REPRESENTATIONS, Representations
from app.api.routes import HotRoute
from app.domain.errors import ImplementationListNotFound, InputFault, InvalidInput
from app.sentences import near_miss, shown
from app.services import boots, implementation_lists

router: Final = APIRouter(prefix="/v1", tags=["Implementation lists"], route_class=HotRoute)


_DIGEST: Final = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


_FORMAT: Final = {
    "name": "format",
    "in": "query",
    "required": False,
    "description": "Another representation of the same list.",
    "schema": {"type": "string", "enum": [each.value for each in Format], "default": "json"},
}


@router.get(
    "/implementation-lists/{digest}",
    response_model=ContentOut,
    summary="Read a list by its digest",
    openapi_extra={"parameters": [_FORMAT]},
    responses={200: REPRESENTATIONS, **refuses("implementation_list_not_found")},
)
async def get_implementation_list(
    request: Request,
    digest: Annotated[
        str, Path(description="`sha256:…` or its 64 hexadecimal digits alone.", examples=[EXAMPLE_DIGEST])
    ],
) -> Response:
    """By content, and therefore immutable: cache it for good."""
    shown = _format(request)
    representations: Representations = request.state.representations
    key = (digest, shown)
    rendered = representations.kept(key)
    if rendered is None:
        content = await implementation_lists.get_implementation_list(request.state.context, whole_digest(digest))
        rendered = representations.keep(key, representations.of_content(content, shown))
    return rendered.answer(request)


@router.get(
    "/vms/{vm}/implementation-list",
    response_model=ListOut,
    summary="Read the list in force",
    openapi_extra={"parameters": [_FORMAT]},
    responses={200: REPRESENTATIONS, **refuses("vm_not_found", "no_current_list", "hypercalls_hidden")},
)
async def get_current_list(request: Request, vm: VmName) -> Response:
    """The list of the boot that the VM is in, also while it migrates: what its VMM must expose."""
    shown = _format(request)
    representations: Representations = request.state.representations
    boot = await boots.current_boot(request.state.context, vm)
    rendered = representations.kept(key := (boot, shown))
    if rendered is None:
        sealed = await boots.sealed_boot(request.state.context, vm, boot)
        rendered = representations.keep(key, representations.of_boot(sealed, shown, sealed_tag(sealed, shown)))
    return rendered.answer(request)


def _format(request: Request) -> Format:
    if not request.scope["query_string"]:
        return Format.JSON
    asked = request.query_params.get("format", Format.JSON)
    if asked not in Format.__members__.values():
        raise InvalidInput(
            [InputFault("/format", f"{shown(asked)} is none of {', '.join(Format)}{near_miss(asked, Format)}", "query")]
        )
    return Format(asked)


def whole_digest(digest: str) -> str:
    """`sha256:…` from that or its digits alone. Raises ImplementationListNotFound: no list is called otherwise."""
    match = _DIGEST.fullmatch(digest)
    if match is None:
        raise ImplementationListNotFound(digest)
    return f"sha256:{match[1]}"
