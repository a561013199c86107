"""What a list does to a guest."""

from app.domain.guest.effects import Effects, effects
from app.domain.planning.plan import Mode, Plan
from app.domain.reference.kernels import KernelVersion
from app.services.boots import current_boot, sealed_boot
from app.services.context import Context
from app.services.implementation_lists import get_implementation_list


async def effects_of_vm(context: Context, name: str, kernel: KernelVersion | None) -> tuple[str, Effects]:
    """The digest of the list in force, and what it does to the guest."""
    boot = await sealed_boot(context, name, await current_boot(context, name))
    return boot.plan.list.digest, effects_of_plan(context, boot.plan, kernel)


def effects_of_plan(context: Context, plan: Plan, kernel: KernelVersion | None = None) -> Effects:
    reference = context.reference
    hidden = plan.mode is Mode.HOMOGENEOUS
    return effects(reference.tables, reference.kernels, plan.list.entries, plan.own, kernel, hypercalls_hidden=hidden)


async def effects_of_list(context: Context, digest: str, kernel: KernelVersion | None) -> Effects:
    """What a list does to any guest that is told of it."""
    implementations = await get_implementation_list(context, digest)
    return effects(context.reference.tables, context.reference.kernels, implementations.entries, kernel=kernel)
