"""A second opinion: proves a plan right by other means than the planner's, before it is sealed.

Shares none of the planner's code: it goes host by host through the fleet, where the planner computes with sets.
"""

from collections.abc import Iterator

from app.domain.checking_hazards import hazards_on_list
from app.domain.composition import BootOrder
from app.domain.fleet import Fleet, FleetHost
from app.domain.host import HostState
from app.domain.implementation import Implementation
from app.domain.placement import Placement
from app.domain.plan import Mode, Plan


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
    entries = plan.list.entries
    if len(set(entries)) != len(entries):
        yield "an implementation is listed twice"
    if list(entries[: len(own)]) != own:
        yield "the list does not begin with the boot host's implementations"
    rest = list(entries[len(own) :])
    if rest != sorted(rest):
        yield "the implementations of other hosts do not ascend"
    if len(entries) > order.placement.max_implementations:
        yield "the list is longer than the placement allows"
    if unaccepted := set(hazards_on_list(order.reference.tables, entries)) - set(order.placement.accept_hazards):
        yield f"the list weakens the guest: {', '.join(sorted(unaccepted))}"
    if plan.mode is Mode.HOMOGENEOUS:
        yield from () if len(entries) == 1 else ["a homogeneous list has more than one entry"]
    else:
        yield from _coverage_faults(fleet, order.placement, plan, set(own))


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
    met = _met(fleet, placement)
    told = set(plan.list.entries)
    left_out = {left.implementation for left in plan.left_out}
    if missing := met - told - left_out:
        yield f"{len(missing)} implementations of the universe are neither listed nor left out"
    if foreign := told - met - own:
        yield f"{len(foreign)} listed implementations belong to no host of the universe"
    if left_out & told:
        yield "an implementation is both listed and left out"


def _met(fleet: Fleet, placement: Placement) -> set[Implementation]:
    """What the guest may meet: the implementations of every host of the universe, asked one by one."""
    met: set[Implementation] = set()
    selected: dict[object, bool] = {}
    for host in fleet:
        if host.state is HostState.RETIRED or not all(group.reported.known for group in host.identity.groups):
            continue
        if _allowed(host, placement, selected):
            met |= {known for group in host.identity.groups if (known := group.reported.known)}
    return met


def _allowed(host: FleetHost, placement: Placement, selected: dict[object, bool]) -> bool:
    if host.labels not in selected:
        selected[host.labels] = placement.selector.matches(dict(host.labels))
    named = not placement.include_hosts or host.name in placement.include_hosts
    return selected[host.labels] and named and host.name not in placement.exclude_hosts
