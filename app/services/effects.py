"""Use cases that say what a list does to a guest, and what may share a list."""

from collections import Counter
from dataclasses import dataclass

from app.domain.catalogue import by_state
from app.domain.compatibility import Compatibility, compatibility
from app.domain.effects import Effects, effects
from app.domain.errata import ErratumEntry
from app.domain.errors import ErratumNotFound
from app.domain.fleet import union
from app.domain.host import HostState
from app.domain.implementation import Implementation
from app.domain.kernels import KernelVersion
from app.domain.plan import Mode, Plan
from app.services.context import Context
from app.services.vms import current_boot, get_implementation_list, sealed_boot


@dataclass(frozen=True, slots=True)
class Concern:
    """An entry of the tables, with those of the fleet that it counts."""

    entry: ErratumEntry
    fleet_revision: int
    implementations: tuple[Implementation, ...]
    hosts: Counter[HostState]


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


async def concern(context: Context, id_: str) -> Concern:
    """Whom of the fleet an entry concerns. Raises ErratumNotFound."""
    entry = context.reference.tables.entry(id_)
    if entry is None:
        raise ErratumNotFound(id_)
    async with context.database.reading() as tx:
        fleet = await tx.fleet(context.now())
    counted = {each for identity, _ in fleet.identities() for each in identity.known if entry.counts(each)}
    hosts = union(hosts for identity, hosts in fleet.identities() if not identity.known.isdisjoint(counted))
    return Concern(entry, fleet.revision, tuple(sorted(counted)), by_state(fleet, hosts))


async def fleet_compatibility(context: Context) -> Compatibility:
    async with context.database.reading() as tx:
        fleet = await tx.fleet(context.now())
    return compatibility(fleet, context.reference.tables)
