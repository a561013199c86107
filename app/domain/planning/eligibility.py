"""Which hosts a VM may boot on or move to, and why not the others.

Every rule is a row of a table: when it is asked, the set of hosts that it refuses, and the words for one of them.
Targets are the hosts that no row refuses; rejections count the rows; a verdict explains them. So the three can never
disagree.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from enum import Enum, auto
from functools import partial
from itertools import islice
from typing import Any, ClassVar, Final, Generic, NamedTuple, TypeVar

from pyroaring import FrozenBitMap

from app.domain.cpu.implementation import Implementation
from app.domain.fleet.capabilities import DISCOVERY, Capability
from app.domain.fleet.catalogue import with_any_of
from app.domain.fleet.fleet import NO_HOSTS, Facet, Fleet, FleetHost, union
from app.domain.fleet.host import HostState
from app.domain.fleet.placement import Placement
from app.domain.planning import wording
from app.domain.planning.comparison import unlisted
from app.domain.planning.hazards import weakening
from app.domain.planning.plan import Mode, ModeReason, Plan
from app.domain.planning.reasons import Reason, ReasonCode, Unmet, Unread, Weakening
from app.domain.reference.reference_data import ReferenceData

EXAMPLES: Final = 5
"""How many hosts stand as examples under a rejection code."""


class Moment(Enum):
    """When a rule is asked."""

    BOOT = auto()
    MOVE = auto()
    ARRIVAL = auto()


@dataclass(frozen=True, slots=True)
class Boarding:
    """The question before any VM comes to a host: whether it receives VMs, and this placement's."""

    moment: ClassVar = Moment.BOOT

    placement: Placement
    reference: ReferenceData


@dataclass(frozen=True, slots=True)
class Move(Boarding):
    """The question of rule 8: whether the running VM may move to the host now."""

    moment: ClassVar = Moment.MOVE

    plan: Plan
    current_host: str

    @property
    def discoverable(self) -> bool:
        return self.plan.mode is Mode.DISCOVERABLE

    def on_arrival(self) -> "Arrival":
        return Arrival(self.placement, self.reference, self.plan, self.current_host)


class Arrival(Move):
    """The question when an admitted guest is about to arrive: identity and abilities, no longer policy."""

    __slots__ = ()
    moment: ClassVar = Moment.ARRIVAL


Q_contra = TypeVar("Q_contra", bound=Boarding, contravariant=True)


@dataclass(frozen=True, slots=True)
class Rule(Generic[Q_contra]):
    asked: tuple[Moment, ...]
    code: ReasonCode
    refused: Callable[[Fleet, Q_contra], FrozenBitMap]
    explain: Callable[[FleetHost, Q_contra], Reason]
    _: KW_ONLY
    beside: bool = False
    """Whether it only says more of hosts that `implementation_not_listed` refuses anyway."""


class Rejection(NamedTuple):
    """How many hosts a code refuses, with the first few of them by name."""

    code: ReasonCode
    hosts: int
    examples: tuple[str, ...]


def refused(fleet: Fleet, question: Boarding) -> FrozenBitMap:
    """All hosts that any rule refuses."""
    return union(rule.refused(fleet, question) for rule in rules_for(question) if not rule.beside)


def targets(fleet: Fleet, move: Move) -> FrozenBitMap:
    return fleet.present - refused(fleet, move)


def reasons(fleet: Fleet, host: FleetHost, question: Boarding) -> tuple[Reason, ...]:
    """Every reason against one host of the fleet, in the order of the table; none means yes."""
    alone = fleet.alone(host.name)
    return tuple(rule.explain(host, question) for rule in rules_for(question) if rule.refused(alone, question))


def rejections(fleet: Fleet, move: Move) -> Iterator[Rejection]:
    """Each code that refuses any host; a host with several reasons counts under each."""
    for rule in rules_for(move):
        if hosts := rule.refused(fleet, move):
            examples = tuple(host.name for host in islice(fleet.in_name_order(hosts), EXAMPLES))
            yield Rejection(rule.code, len(hosts), examples)


# What each rule refuses.


def _current_host(fleet: Fleet, move: Move) -> FrozenBitMap:
    return fleet.number(move.current_host)


def _not_active(fleet: Fleet, _: Boarding) -> FrozenBitMap:
    return fleet.present - fleet.having(Facet.STATE, HostState.ACTIVE)


def _outside_placement(fleet: Fleet, question: Boarding) -> FrozenBitMap:
    return fleet.present - fleet.allowed(question.placement)


def _incomplete(fleet: Fleet, _: Boarding) -> FrozenBitMap:
    return fleet.incomplete


def _stale(fleet: Fleet, _: Boarding) -> FrozenBitMap:
    return fleet.stale


def _not_listed(fleet: Fleet, move: Move) -> FrozenBitMap:
    return with_any_of(fleet, fleet.implementations() - move.plan.list.members)


def _lacking(capability: Capability, fleet: Fleet, move: Move) -> FrozenBitMap:
    able = (capability.name, True)
    return fleet.present - fleet.having(Facet.CAPABILITY, able) if move.discoverable else NO_HOSTS


def _weakening(fleet: Fleet, move: Move) -> FrozenBitMap:
    if not move.discoverable:
        return NO_HOSTS
    return with_any_of(fleet, _forbidden(move, fleet.implementations()))


def _forbidden(move: Move, met: Collection[Implementation]) -> Mapping[Implementation, tuple[str, ...]]:
    """What may not stand on the list, however often the VM is booted, with the tables that forbid it."""
    unlisted = [each for each in met if each not in move.plan.list.members]
    # What the vCPUs present decides, as it will at the next boot; an adopted list may itself be mixed.
    present = (move.plan.list.vcpu_identity,)
    return weakening(move.reference.tables, present, unlisted, move.placement.accept_hazards)


def _beyond_guest(fleet: Fleet, move: Move) -> FrozenBitMap:
    cannot = ModeReason.GUEST_CANNOT_DISCOVER in move.plan.mode_reasons
    return _not_listed(fleet, move) if cannot else NO_HOSTS


# How each rule explains itself.


def _explain_current_host(host: FleetHost, _: Move) -> Reason:
    return Reason(ReasonCode.IS_CURRENT_HOST, f"the VM is on {host.name} now", "nothing to do")


def _explain_not_active(host: FleetHost, _: Boarding) -> Reason:
    detail = f"the state of {host.name} is {host.state}; only active hosts receive VMs"
    return Reason(ReasonCode.HOST_NOT_ACTIVE, detail, "set its state to active, or choose another host")


def _explain_outside_placement(host: FleetHost, question: Boarding) -> Reason:
    labels = dict(host.labels)
    conditions = question.placement.selector.requirements
    unmet = tuple(Unmet(each, labels.get(each.key)) for each in conditions if not each.holds(labels))
    detail = wording.placement_mismatch(host, question.placement, unmet)
    return Reason(ReasonCode.PLACEMENT_MISMATCH, detail, "change the placement or the host's labels", unmet)


def _explain_incomplete(host: FleetHost, _: Boarding) -> Reason:
    unread = tuple(Unread(group.cpus) for group in host.identity.groups if not group.reported.known)
    detail = wording.unknown_registers(host, unread)
    if host.identity.readable:
        remedy = "report AIDR_EL1: Linux 6.16 and later show it in sysfs (regs/identification/aidr_el1)"
    else:
        remedy = "let its collector report again, or put the host as a whole"
    return Reason(ReasonCode.IDENTITY_INCOMPLETE, detail, remedy, unread)


def _explain_stale(host: FleetHost, _: Boarding) -> Reason:
    detail = f"{host.name} has not been observed recently enough to trust what it reported"
    return Reason(ReasonCode.INVENTORY_STALE, detail, "let its collector report again")


def _explain_not_listed(host: FleetHost, move: Move) -> Reason:
    differences = tuple(unlisted(host.identity, move.plan.list))
    detail = wording.not_listed(host, differences, move.reference.names)
    return Reason(ReasonCode.IMPLEMENTATION_NOT_LISTED, detail, _remedy_not_listed(host, move), differences)


def _remedy_not_listed(host: FleetHost, move: Move) -> str:
    if not move.discoverable:
        return "choose a host with the listed implementation"
    if _forbidden(move, host.identity.known):
        return "choose another host; booting the VM again would not include it (see would_weaken_guest)"
    if host.state is HostState.RETIRED or not host.identity.complete or not _allowed(host, move):
        return "when the other reasons are gone, boot the VM again to include it"
    return "boot the VM again to include it"


def _allowed(host: FleetHost, move: Move) -> bool:
    return move.placement.allows(host.name, dict(host.labels))


def _explain_lacking(capability: Capability, host: FleetHost, _: Boarding) -> Reason:
    detail = f"{host.name} {wording.ability(host.capabilities.of(capability))} {capability.ability}"
    return Reason(ReasonCode(capability.lack), detail, capability.remedy)


def _explain_beyond_guest(host: FleetHost, _: Move) -> Reason:
    detail = f"the guest cannot discover implementations, so its list has one, and {host.name} is another"
    return Reason(ReasonCode.GUEST_CANNOT_DISCOVER, detail, "boot a guest with Linux 6.15 or later")


def _explain_weakening(host: FleetHost, move: Move) -> Reason:
    forbidden = _forbidden(move, host.identity.known)
    differences = tuple(Weakening(each, forbidden[each]) for each in sorted(forbidden))
    tables = sorted({table for each in differences for table in each.tables})
    detail = (
        f"{host.name} and the list differ in {', '.join(tables)}: beside each other, the guest would take"
        " a CPU for safe that is not"
        f"{wording.listed_since([*forbidden, move.plan.list.vcpu_identity], tables, move.reference)}"
    )
    remedy = "keep such hosts in another placement, or name the tables in accept_hazards and boot the VM again"
    return Reason(ReasonCode.WOULD_WEAKEN_GUEST, detail, remedy, differences)


_POLICY: Final = (Moment.BOOT, Moment.MOVE)
_GUEST: Final = (Moment.MOVE, Moment.ARRIVAL)

RULES: Final[tuple[Rule[Any], ...]] = (
    Rule((Moment.MOVE,), ReasonCode.IS_CURRENT_HOST, _current_host, _explain_current_host),
    Rule(_POLICY, ReasonCode.HOST_NOT_ACTIVE, _not_active, _explain_not_active),
    Rule(_POLICY, ReasonCode.PLACEMENT_MISMATCH, _outside_placement, _explain_outside_placement),
    Rule(tuple(Moment), ReasonCode.IDENTITY_INCOMPLETE, _incomplete, _explain_incomplete),
    Rule(_POLICY, ReasonCode.INVENTORY_STALE, _stale, _explain_stale),
    Rule(_GUEST, ReasonCode.IMPLEMENTATION_NOT_LISTED, _not_listed, _explain_not_listed),
    *(
        Rule(_GUEST, ReasonCode(each.lack), partial(_lacking, each), partial(_explain_lacking, each))
        for each in DISCOVERY
    ),
    Rule(_GUEST, ReasonCode.GUEST_CANNOT_DISCOVER, _beyond_guest, _explain_beyond_guest, beside=True),
    Rule(_GUEST, ReasonCode.WOULD_WEAKEN_GUEST, _weakening, _explain_weakening, beside=True),
)
"""Rule 8, in the order in which answers list reasons."""

_ASKED: Final = {moment: tuple(rule for rule in RULES if moment in rule.asked) for moment in Moment}


def rules_for(question: Q_contra) -> tuple[Rule[Q_contra], ...]:
    """The rules that answer a question, in the order of the table."""
    return _ASKED[question.moment]
