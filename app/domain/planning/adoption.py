"""How a VM is taken in that ran before the service was there: rule 7.

Nothing is judged. What its VMM exposes is what its guest was told, right or wrong; whether its host is covered by that
shows as exposure.
"""

from dataclasses import dataclass

from app.domain.fleet.fleet import FleetHost
from app.domain.planning.composition import BootOrder, mode_reasons
from app.domain.planning.hazards import hazards_of
from app.domain.planning.implementation_list import ImplementationList
from app.domain.planning.plan import Mode, Plan


@dataclass(frozen=True, slots=True)
class Adoption:
    """What a VMM that already runs tells its guest."""

    mode: Mode
    list: ImplementationList


def adopt(host: FleetHost, order: BootOrder, exposed: Adoption, fleet_revision: int) -> Plan:
    """The plan of a boot that happened already."""
    homogeneous = exposed.mode is Mode.HOMOGENEOUS
    hazards = hazards_of(order.reference.tables, exposed.list.entries)
    return Plan(
        host=host.name,
        cpus=order.cpus,
        own=tuple(known for each in host.identity.on_cpus(order.cpus) if (known := each.known)),
        list=exposed.list,
        mode=exposed.mode,
        mode_reasons=mode_reasons(order.guest, host.capabilities) if homogeneous else (),
        fleet_revision=fleet_revision,
        accepted_hazards=tuple(each for each in hazards if each in order.placement.accept_hazards),
    )
