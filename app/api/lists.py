"""Implementation lists: what a VMM must expose, and what a guest hears. The hot reads of the service."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.dependencies import Services, VmName, json_body
from app.api.direct import DirectRoute
from app.api.documentation import refuses
from app.api.representations import Representations, sealed_tag
from app.api.schemas.common import EXAMPLE_DIGEST, NAME_PATTERN
from app.api.schemas.lists import CallOut, CallsOut, ContentOut, Format, HypercallIn, ListOut, ReturnsOut
from app.domain.errors import ImplementationListNotFound, InputFault, InvalidInput
from app.domain.hypercalls import Abi, all_calls, answer
from app.domain.vm import Boot
from app.services import vms
from app.services.context import Context

hot_router: Final = APIRouter(prefix="/v1", tags=["Implementation lists"], route_class=DirectRoute)
router: Final = APIRouter(prefix="/v1", tags=["Implementation lists"])

_DIGEST: Final = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_NAME: Final = re.compile(NAME_PATTERN)
_NAME_MAX: Final = 253
_FORMAT: Final = {
    "name": "format",
    "in": "query",
    "required": False,
    "description": "Another representation of the same list.",
    "schema": {"type": "string", "enum": [each.value for each in Format], "default": "json"},
}
_REPRESENTATIONS: Final = {
    "content": {
        "text/plain": {"schema": {"type": "string"}, "example": "impl-cpu.0.midr=0x413fd0c1,impl-cpu.0.revidr=0x0"},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    }
}
"""What `format=qemu` and `format=binary` answer."""


@hot_router.get(
    "/implementation-lists/{digest}",
    response_model=ContentOut,
    summary="Read a list by its digest",
    openapi_extra={"parameters": [_FORMAT]},
    responses={200: _REPRESENTATIONS, **refuses("implementation_list_not_found")},
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
        implementations = await vms.get_implementation_list(request.state.context, whole_digest(digest))
        rendered = representations.keep(key, representations.of_content(implementations, shown))
    return rendered.answer(request)


_BY_DIGEST: Final = hot_router.routes[-1]
_LISTS: Final = "/v1/implementation-lists"


@hot_router.get(
    "/vms/{vm}/implementation-list",
    response_model=ListOut,
    summary="Read the list in force",
    openapi_extra={"parameters": [_FORMAT]},
    responses={200: _REPRESENTATIONS, **refuses("vm_not_found", "no_current_list", "hypercalls_hidden")},
)
async def get_current_list(request: Request, vm: VmName) -> Response:
    """The list of the boot that the VM is in, also while it migrates: what its VMM must expose."""
    shown = _format(request)
    representations: Representations = request.state.representations
    context: Context = request.state.context
    boot = await vms.current_boot(context, _name(vm))
    key = (boot, shown)
    rendered = representations.kept(key)
    if rendered is None:
        sealed = await vms.sealed_boot(context, vm, boot)
        rendered = representations.keep(key, representations.of_boot(sealed, shown, sealed_tag(sealed, shown)))
    return rendered.answer(request)


@router.get(
    "/vms/{vm}/hypercalls",
    response_model=CallsOut,
    summary="Every call the guest makes, with its registers",
    responses=refuses("vm_not_found", "no_current_list", "not_representable"),
)
async def list_hypercalls(
    services: Services, vm: VmName, abi: Annotated[Abi, Query(description="Which proposal's calls.")] = Abi.KVM
) -> CallsOut:
    """What a VMM's handler must answer, call by call, for the list in force."""
    boot = await _booted(services, vm)
    calls = [CallOut.from_domain(call) for call in all_calls(boot.plan, abi)]
    return CallsOut(vm=vm, boot=boot.number, abi=abi, mode=boot.plan.mode, calls=calls)


@router.post(
    "/vms/{vm}/hypercalls",
    response_model=ReturnsOut,
    summary="Answer one call of the guest",
    dependencies=[Depends(json_body)],
    responses=refuses(
        "vm_not_found",
        "no_current_list",
        "not_representable",
        "unsupported_media_type",
        "body_too_large",
        "request_timeout",
    ),
)
async def answer_hypercall(services: Services, vm: VmName, body: HypercallIn) -> ReturnsOut:
    """x0 to x3 as the VMM must set them. Stateless; an unknown call is answered −1, as a VMM would."""
    boot = await _booted(services, vm)
    return ReturnsOut.from_domain(answer(boot.plan, body.abi, body.function_id, body.registers))


async def _booted(services: Context, vm: str) -> Boot:
    return await vms.sealed_boot(services, vm, await vms.current_boot(services, vm))


class KeptLists:
    """Answers lists by digest that were rendered before, ahead of all routing, which is most of such a request.

    The route above renders and documents them; whatever is not asked by the path alone is left to it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and not scope["query_string"]:
            start, _, digest = scope["path"].rpartition("/")
            if start == _LISTS:
                representations: Representations = scope["state"]["representations"]
                if kept := representations.kept((digest, Format.JSON)):
                    scope["route"] = _BY_DIGEST
                    await kept.answer(Request(scope))(scope, receive, send)
                    return
        await self._app(scope, receive, send)


def _format(request: Request) -> Format:
    if not request.scope["query_string"]:
        return Format.JSON
    asked = request.query_params.get("format", Format.JSON)
    if asked not in Format.__members__.values():
        raise InvalidInput([InputFault("/format", f"{asked!r} is none of {', '.join(Format)}", "query")])
    return Format(asked)


def whole_digest(digest: str) -> str:
    """`sha256:…` from that or its digits alone. Raises ImplementationListNotFound: no list is called otherwise."""
    match = _DIGEST.fullmatch(digest)
    if match is None:
        raise ImplementationListNotFound(digest)
    return f"sha256:{match[1]}"


def _name(vm: str) -> str:
    if len(vm) > _NAME_MAX or not _NAME.fullmatch(vm):
        raise InvalidInput([InputFault("/vm", "a name has 1 to 253 of a-z 0-9 . -, in DNS style", "path")])
    return vm
