"""CPUs that exist, and the shortest way to write hosts, guests and questions with them."""

from collections.abc import Mapping
from typing import Final

from hypothesis.vendor.pretty import RepresentationPrinter
from typing_extensions import override

from app.domain.cpu.cpulist import CpuList, parse_cpulist
from app.domain.cpu.identity import CpuGroup, Identity
from app.domain.cpu.implementation import Implementation, ReportedImplementation
from app.domain.fleet.capabilities import Capabilities
from app.domain.fleet.fleet import FleetHost
from app.domain.fleet.host import HostState, Profile
from app.domain.fleet.placement import Placement
from app.domain.planning.composition import BootOrder
from app.domain.planning.eligibility import Move
from app.domain.planning.guest import Guest
from app.domain.planning.implementation_list import ImplementationList
from app.domain.planning.plan import Mode, ModeReason, Plan
from app.domain.reference.reference_data import ReferenceData
from app.storage.reference_data import load_reference_data


class _Shipped(ReferenceData):
    """The reference data of the release, short where a failing test prints it."""

    __slots__ = ()

    @override
    def __repr__(self) -> str:
        return "REFERENCE"

    def _repr_pretty_(self, printer: RepresentationPrinter, _: bool) -> None:
        printer.text(repr(self))


def _shipped() -> _Shipped:
    loaded = load_reference_data(None)
    return _Shipped(loaded.names, loaded.tables, loaded.kernels, loaded.id_registers)


REFERENCE: Final = _shipped()

N1 = Implementation(0x413FD0C1, 0, 0)
N1_REVIDR = Implementation(0x413FD0C1, 1, 0)
N1_AIDR = Implementation(0x413FD0C1, 0, 1)
N1_OLDER = Implementation(0x412FD0C1, 0, 0)
V1 = Implementation(0x411FD401, 1, 0)
V2 = Implementation(0x410FD4F1, 0x17, 0)
N3 = Implementation(0x410FD8E0, 0, 0)
A53 = Implementation(0x410FD034, 0, 0)
A55 = Implementation(0x412FD050, 0, 0)
A57 = Implementation(0x411FD072, 0, 0)
A76 = Implementation(0x414FD0B0, 0, 0)
A78 = Implementation(0x411FD411, 0, 0)
X1 = Implementation(0x411FD440, 0, 0)
KUNPENG = Implementation(0x481FD010, 0, 0x551)
KUNPENG_P1 = Implementation(0x481FD011, 0, 0x551)
AMPEREONE = Implementation(0xC00FAC30, 0, 0)
UNHEARD_OF = Implementation(0x99AF1235, 0, 0)
HIGH_BITS = Implementation(0x8000_0000_413F_D0C1, 2**63, 2**64 - 1)
ALL_ONES = Implementation(2**64 - 1, 2**64 - 1, 2**64 - 1)
ALL_ZERO = Implementation(0, 0, 0)

ABLE: Final = Capabilities(writable_id_registers=True, discovery_hypercalls=True)
DISCOVERS: Final = Guest(discovers_implementations=True)
BLIND: Final = Guest(discovers_implementations=False)
ANYWHERE: Final = Placement()


def reported(implementation: Implementation) -> ReportedImplementation:
    """The implementation as a host reports it that can read all registers."""
    return ReportedImplementation(*implementation)


def unread(implementation: Implementation) -> ReportedImplementation:
    """The implementation as a host reports it that cannot read AIDR_EL1."""
    return ReportedImplementation(implementation.midr, implementation.revidr, None)


def group(cpus: str | None, cpu: Implementation | ReportedImplementation) -> CpuGroup:
    return CpuGroup(None if cpus is None else parse_cpulist(cpus), ReportedImplementation(*cpu))


def identity(*groups: tuple[str | None, Implementation | ReportedImplementation]) -> Identity:
    return Identity(tuple(group(*each) for each in groups))


def uniform(cpu: Implementation | ReportedImplementation) -> Identity:
    """Of a host whose CPUs are all alike."""
    return identity((None, cpu))


def host(
    name: str,
    cpus: Identity | Implementation | ReportedImplementation = N1,
    state: HostState = HostState.ACTIVE,
    labels: Mapping[str, str] | None = None,
    capabilities: Capabilities = ABLE,
) -> FleetHost:
    """An active host that can do all that is asked of it, of Neoverse N1 CPUs."""
    registers = cpus if isinstance(cpus, Identity) else uniform(cpus)
    profile = Profile(identity=registers, capabilities=capabilities)
    return FleetHost(name, state, tuple(sorted((labels or {}).items())), profile)


def order(
    at: str, placement: Placement = ANYWHERE, guest: Guest = DISCOVERS, cpus: CpuList | str | None = None
) -> BootOrder:
    pinned = parse_cpulist(cpus) if isinstance(cpus, str) else cpus
    return BootOrder(placement, REFERENCE, guest, at, pinned)


def plan(
    *entries: Implementation,
    mode: Mode = Mode.DISCOVERABLE,
    mode_reasons: tuple[ModeReason, ...] = (),
    at: str = "h1",
    cpus: CpuList | None = None,
) -> Plan:
    """The sealed list of a boot on a host with one implementation: the first entry."""
    return Plan(
        host=at,
        cpus=cpus,
        own=entries[:1],
        list=ImplementationList(entries),
        mode=mode,
        mode_reasons=mode_reasons,
        fleet_revision=1,
    )


def move(sealed: Plan, current_host: str = "h1", placement: Placement = ANYWHERE) -> Move:
    return Move(placement, REFERENCE, sealed, current_host)
