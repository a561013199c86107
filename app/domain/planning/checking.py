"""A second opinion: proves a plan right by other means than the planner's, before it is sealed.

Shares none of the planner's code: it visits hosts and asks the placement about each, where the planner computes with
sets. What it found for one host it takes for all that have the deciding fact in common, so few are visited.
"""

from collections.abc import Iterable, Iterator, Mapping

from pyroaring import BitMap, FrozenBitMap

from app.domain.cpu.implementation import Implementation
from app.domain.fleet.fleet import Facet, Fleet, FleetHost
from app.domain.fleet.host import HostState
from app.domain.fleet.placement import Operator, Placement, Requirement
from app.domain.planning.checking_hazards import memberships, mixed
from app.domain.planning.composition import BootOrder
from app.domain.planning.plan import Mode, Plan


class UnsoundPlan(Exception):
    """The planner and its checker disagree: a defect of this program. Nothing may be sealed."""


def check_plan(fleet: Fleet, order: BootOrder, plan: Plan) -> None:
    """Raise UnsoundPlan with every fault of the plan."""
    host = fleet.host(order.host)
    faults = ["the host is not in the fleet"] if host is None else list(_faults(fleet, host, order, plan))
    if faults:
        raise UnsoundPlan("; ".join(faults))


def check_arrival(plan: Plan, host: FleetHost) -> None:
    """Raise UnsoundPlan if the host has a CPU that the guest was not told of (rule 10)."""
    listed = set(plan.list.entries)
    for group in host.identity.groups:
        registers = group.reported
        if registers.aidr is None or Implementation(registers.midr, registers.revidr, registers.aidr) not in listed:
            message = f"{host.name} has {registers}, and the list does not"
            raise UnsoundPlan(message)


def _faults(fleet: Fleet, host: FleetHost, order: BootOrder, plan: Plan) -> Iterator[str]:
    own = _own(host, order)
    if (plan.host, plan.cpus, plan.fleet_revision) != (order.host, order.cpus, fleet.revision):
        yield "the plan is for another question"
    if list(plan.own) != own or list(plan.list.entries[: len(own)]) != own:
        yield "the list does not begin with the boot host's implementations"
    yield from _mode_faults(host, order, plan)
    yield from _order_faults(plan, len(own), order.placement.max_implementations)
    yield from _hazard_faults(order, plan)
    if plan.mode is Mode.DISCOVERABLE:
        yield from _coverage_faults(fleet, order.placement, plan, set(own))


def _mode_faults(host: FleetHost, order: BootOrder, plan: Plan) -> Iterator[str]:
    able = host.capabilities.writable_id_registers is True and host.capabilities.discovery_hypercalls is True
    told = order.guest.discovers_implementations and able
    if (plan.mode is Mode.DISCOVERABLE) is not told or bool(plan.mode_reasons) is told:
        yield "the mode is not what the guest and the host are capable of"
    if plan.mode is Mode.HOMOGENEOUS and (len(plan.list) != 1 or plan.left_out):
        yield "a homogeneous list has one entry, and leaves nothing out"


def _order_faults(plan: Plan, own: int, limit: int) -> Iterator[str]:
    entries, rest = plan.list.entries, list(plan.list.entries[own:])
    if len(set(entries)) != len(entries):
        yield "an implementation is listed twice"
    if rest != sorted(rest):
        yield "the implementations of other hosts do not ascend"
    if len(entries) > limit:
        yield "the list is longer than the placement allows"


def _hazard_faults(order: BootOrder, plan: Plan) -> Iterator[str]:
    tables = memberships(order.reference.tables)
    accepted = set(order.placement.accept_hazards)
    present = mixed([tables.of(each) for each in plan.list.entries])
    if unaccepted := present - accepted:
        yield f"the list weakens the guest: {', '.join(sorted(unaccepted))}"
    if set(plan.accepted_hazards) != present:
        yield "the accepted hazards are not those of the list"
    own = [tables.of(each) for each in plan.own]
    found = {(tables.of(left.implementation), left.hazards) for left in plan.left_out}
    for membership, hazards in found:
        beside = mixed([*own, membership])
        if not hazards or beside - accepted != set(hazards):
            yield "an implementation is left out for what does not forbid it"


def _own(host: FleetHost, order: BootOrder) -> list[Implementation | None]:
    """The implementations that the guest's CPUs show, CPU by CPU."""
    seen: list[Implementation | None] = []
    groups = sorted(host.identity.groups, key=lambda group: 0 if group.cpus is None else group.cpus.lowest)
    if order.cpus is not None:
        pinned = order.cpus.mask
        groups = [group for group in groups if group.cpus is None or group.cpus.mask & pinned]
        groups.sort(key=lambda group: 0 if group.cpus is None else (low := group.cpus.mask & pinned) & -low)
    for group in groups:
        if group.reported.known not in seen:
            seen.append(group.reported.known)
    return seen


def _coverage_faults(fleet: Fleet, placement: Placement, plan: Plan, own: set[Implementation | None]) -> Iterator[str]:
    met = fleet.derived(_met, placement)
    told = set(plan.list.entries)
    left_out = {left.implementation for left in plan.left_out}
    if missing := met - told - left_out:
        yield f"{len(missing)} implementations of the universe are neither listed nor left out"
    if foreign := told - met - own:
        yield f"{len(foreign)} listed implementations belong to no host of the universe"
    if left_out - met:
        yield "an implementation is left out that no host of the universe has"
    if left_out & told:
        yield "an implementation is both listed and left out"


def _met(fleet: Fleet, placement: Placement) -> frozenset[Implementation]:
    """What the guest may meet: the implementations of the hosts of the universe.

    No host counts that was not visited and found allowed, and none is passed over without one like it that was
    visited: so the cost is that of the kinds of hosts, not of their number.
    """
    met: set[Implementation] = set()
    conditions = _Conditions(placement.selector.requirements)
    waiting = BitMap(_candidates(fleet, placement))
    while waiting:
        host = fleet.numbered(waiting.pop())
        if (refused := _refused_alike(fleet, host, conditions)) is not None:
            waiting -= refused
        else:
            met |= _shown(host)
            waiting -= fleet.having(Facet.IDENTITY, host.identity)
    return frozenset(met)


def _candidates(fleet: Fleet, placement: Placement) -> FrozenBitMap:
    """The hosts to visit: those that the placement's lists of names leave, with a label that each `In` asks for."""
    left = fleet.present
    if placement.include_hosts:
        left &= fleet.numbers(placement.include_hosts)
    for requirement in placement.selector.requirements:
        if requirement.operator is Operator.IN:
            left &= _labelled(fleet, requirement.key, requirement.values)
    return left - fleet.numbers(placement.exclude_hosts)


class _Conditions:
    """The conditions on labels, by key: there may be thousands, and a host is asked only about what it has."""

    def __init__(self, requirements: Iterable[Requirement]) -> None:
        self._by_key: dict[str, list[Requirement]] = {}
        self._wanting: dict[str, Requirement] = {}
        """Those that no host without the key meets."""
        for condition in _merged(requirements):
            self._by_key.setdefault(condition.key, []).append(condition)
            if not condition.holds({}):
                self._wanting[condition.key] = condition

    def unmet(self, labels: Mapping[str, str]) -> Requirement | None:
        """A condition that the labels do not meet; None where they meet all."""
        wanting = (condition for key, condition in self._wanting.items() if key not in labels)
        asked = (condition for key in labels for condition in self._by_key.get(key, ()))
        return next(wanting, None) or next((each for each in asked if not each.holds(labels)), None)


def _merged(requirements: Iterable[Requirement]) -> Iterator[Requirement]:
    """The same conditions, with one of each operator for a key."""
    values: dict[tuple[str, Operator], set[str]] = {}
    for each in requirements:
        found = values.setdefault((each.key, each.operator), set(each.values))
        if each.operator is Operator.IN:
            found &= set(each.values)
        else:
            found |= set(each.values)
    return (Requirement(key, operator, tuple(named)) for (key, operator), named in values.items())


def _refused_alike(fleet: Fleet, host: FleetHost, conditions: _Conditions) -> FrozenBitMap | None:
    """All hosts with the fact for which the universe does not have this candidate; None where it has."""
    if host.state is HostState.RETIRED:
        return fleet.having(Facet.STATE, host.state)
    labels = dict(host.labels)
    unmet = conditions.unmet(labels)
    if unmet is None:
        return None
    if unmet.key not in labels:
        return fleet.present - fleet.having(Facet.LABEL_KEY, unmet.key)
    if unmet.operator is Operator.DOES_NOT_EXIST:
        return fleet.having(Facet.LABEL_KEY, unmet.key)
    return _labelled(fleet, unmet.key, unmet.values if unmet.operator is Operator.NOT_IN else (labels[unmet.key],))


def _labelled(fleet: Fleet, key: str, values: Iterable[str]) -> FrozenBitMap:
    return fleet.having_any(Facet.LABEL, ((key, value) for value in values))


def _shown(host: FleetHost) -> set[Implementation]:
    """The implementations of a host; none where one of them is not known."""
    known = [group.reported.known for group in host.identity.groups]
    return set() if None in known else {each for each in known if each}
