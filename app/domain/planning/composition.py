"""How a list is made: rules 3, 5, 6, 11 and 12. A pure function of a fleet, a placement, a guest and a boot host."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pyroaring import FrozenBitMap

from app.domain.cpu.cpulist import CpuList
from app.domain.cpu.identity import Identity
from app.domain.cpu.implementation import Implementation, ReportedImplementation
from app.domain.errors import HostNotFound, InputFault, InvalidInput
from app.domain.fleet.capabilities import DISCOVERY, Capabilities
from app.domain.fleet.fleet import Facet, Fleet, FleetHost
from app.domain.fleet.host import HostState
from app.domain.fleet.placement import Placement
from app.domain.planning.eligibility import Boarding, reasons
from app.domain.planning.guest import Guest
from app.domain.planning.hazards import Screening, screen, weakening
from app.domain.planning.implementation_list import ImplementationList
from app.domain.planning.plan import Mode, ModeReason, Plan
from app.domain.planning.reasons import Reason, ReasonCode
from app.domain.planning.refusals import BootRefused, Candidate, TooManyImplementations
from app.domain.planning.wording import listed_since
from app.domain.reference.errata import ErrataTables


@dataclass(frozen=True, slots=True)
class BootOrder(Boarding):
    """The question: boot this guest on this host."""

    guest: Guest
    host: str
    cpus: CpuList | None = None
    """The CPUs of the host that the VM is pinned to."""


def compose(fleet: Fleet, order: BootOrder) -> Plan:
    """The plan of a boot.

    Raises HostNotFound, InvalidInput for CPUs that the host does not have, BootRefused with all reasons, and
    TooManyImplementations.
    """
    host = fleet.host(order.host)
    if host is None:
        raise HostNotFound(order.host)
    _check_pinning(host, order.cpus)
    reported = host.identity.on_cpus(order.cpus)
    why_homogeneous = mode_reasons(order.guest, host.capabilities)
    mode = Mode.HOMOGENEOUS if why_homogeneous else Mode.DISCOVERABLE
    own = tuple(known for each in reported if (known := each.known))
    tables = order.reference.tables
    screening = fleet.derived(_screened, order.placement, tables, own, mode)
    if refusals := _refusals(fleet, host, order, mode, reported, screening):
        raise BootRefused(host.name, refusals)
    if len(own) + len(screening.admitted) > order.placement.max_implementations:
        raise _too_many(fleet, order, own, screening)
    return Plan(
        host=host.name,
        cpus=order.cpus,
        own=own,
        list=fleet.derived(_listed, order.placement, tables, own, mode),
        mode=mode,
        mode_reasons=why_homogeneous,
        fleet_revision=fleet.revision,
        left_out=screening.left_out,
        accepted_hazards=screening.accepted,
    )


def mode_reasons(guest: Guest, capabilities: Capabilities) -> tuple[ModeReason, ...]:
    """All reasons why the guest cannot be given a list of more than what its vCPUs present; rule 6."""
    lacking = tuple(ModeReason(each.lack) for each in capabilities.lacking(DISCOVERY))
    return lacking if guest.discovers_implementations else (ModeReason.GUEST_CANNOT_DISCOVER, *lacking)


def universe(fleet: Fleet, placement: Placement) -> FrozenBitMap:
    """The hosts whose implementations the list must have: all that the guest may meet in its life (rule 3)."""
    return fleet.allowed(placement) - fleet.incomplete - fleet.having(Facet.STATE, HostState.RETIRED)


def joinable(
    fleet: Fleet, placement: Placement, own: Collection[Implementation], tables: ErrataTables
) -> Collection[Implementation]:
    """What may stand on a list beside a boot host's own implementations; these may be among them."""
    others = _met_elsewhere(fleet, placement).keys()
    return others - weakening(tables, own, others, placement.accept_hazards).keys()


def _check_pinning(host: FleetHost, cpus: CpuList | None) -> None:
    if cpus is not None and host.identity.readable and (missing := host.identity.missing(cpus)):
        raise InvalidInput([InputFault("/cpus", f"{host.name} has no CPUs {missing}")])


def _refusals(
    fleet: Fleet,
    host: FleetHost,
    order: BootOrder,
    mode: Mode,
    reported: tuple[ReportedImplementation, ...],
    screening: Screening,
) -> tuple[Reason, ...]:
    found = reasons(fleet, host, order)
    if mode is Mode.HOMOGENEOUS and len(reported) > 1:
        found += (_heterogeneous(host, reported),)
    if screening.on_boot_host:
        found += (_mixing(host, screening.on_boot_host, order),)
    return found


def _heterogeneous(host: FleetHost, reported: tuple[ReportedImplementation, ...]) -> Reason:
    detail = f"{host.name} mixes {len(reported)} implementations, and this boot can tell the guest of one"
    return Reason(ReasonCode.HETEROGENEOUS_HOST, detail, "pin the boot to CPUs of one kind with `cpus`")


def _mixing(host: FleetHost, hazards: tuple[str, ...], order: BootOrder) -> Reason:
    detail = (
        f"{host.name} mixes CPUs that are in {', '.join(hazards)} with CPUs that are not:"
        " the guest would take all of them for safe"
    )
    own = [known for each in host.identity.on_cpus(order.cpus) if (known := each.known)]
    detail += listed_since(own, hazards, order.reference)
    remedy = "pin the boot to CPUs of one kind with `cpus`, or name the tables in the placement's accept_hazards"
    return Reason(ReasonCode.HAZARD_ON_BOOT_HOST, detail, remedy)


def _screened(
    fleet: Fleet, placement: Placement, tables: ErrataTables, own: tuple[Implementation, ...], mode: Mode
) -> Screening:
    others = {} if mode is Mode.HOMOGENEOUS else fleet.derived(_met_elsewhere, placement)
    return screen(tables, own, others, placement.accept_hazards)


def _listed(
    fleet: Fleet, placement: Placement, tables: ErrataTables, own: tuple[Implementation, ...], mode: Mode
) -> ImplementationList:
    return ImplementationList((*own, *fleet.derived(_screened, placement, tables, own, mode).admitted))


def _met_elsewhere(fleet: Fleet, placement: Placement) -> Mapping[Implementation, int]:
    """Every implementation of the universe, with the number of hosts that have it."""
    hosts = universe(fleet, placement)
    counts: dict[Implementation, int] = {}
    for identity, having in fleet.identities():
        if present := having.intersection_cardinality(hosts):
            _count(counts, identity, present)
    return counts


def _count(counts: dict[Implementation, int], identity: Identity, hosts: int) -> None:
    for implementation in identity.known:
        counts[implementation] = counts.get(implementation, 0) + hosts


def _too_many(
    fleet: Fleet, order: BootOrder, own: tuple[Implementation, ...], screening: Screening
) -> TooManyImplementations:
    others = fleet.derived(_met_elsewhere, order.placement)
    rarest_first = sorted((others[each], each) for each in screening.admitted)
    candidates = [Candidate(each, hosts) for hosts, each in rarest_first]
    return TooManyImplementations(len(own) + len(candidates), order.placement.max_implementations, candidates)
