"""What the guest asks and hears."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query

from app.api.context import ContextDep
from app.api.documentation import refuses
from app.api.media_types import json_body
from app.api.models.hypercalls import CallOut, CallsOut, HypercallIn, ReturnsOut
from app.api.parameters import VmName
from app.api.routes import GuardedRoute
from app.domain.guest.hypercalls import Abi, all_calls, answer_call
from app.domain.vms.vm import Boot
from app.services import boots
from app.services.context import Context

router: Final = APIRouter(prefix="/v1", tags=["Implementation lists"], route_class=GuardedRoute)


@router.get(
    "/vms/{vm}/hypercalls",
    response_model=CallsOut,
    summary="Every call the guest makes, with its registers",
    responses=refuses("vm_not_found", "no_current_list", "not_representable"),
)
async def list_hypercalls(
    context: ContextDep, vm: VmName, abi: Annotated[Abi, Query(description="Which proposal's calls.")] = Abi.KVM
) -> CallsOut:
    """What a VMM's handler must answer, call by call, for the list in force."""
    boot = await _booted(context, vm)
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
async def answer_hypercall(context: ContextDep, vm: VmName, body: HypercallIn) -> ReturnsOut:
    """x0 to x3 as the VMM must set them. Stateless; an unknown call is answered −1, as a VMM would."""
    boot = await _booted(context, vm)
    return ReturnsOut.from_domain(answer_call(boot.plan, body.abi, body.function_id, body.registers))


async def _booted(context: Context, vm: str) -> Boot:
    return await boots.sealed_boot(context, vm, await boots.current_boot(context, vm))
