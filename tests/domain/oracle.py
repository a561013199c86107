"""Rules 1, 3, 5, 6, 8, 11 and 12 once more, written from the text of the rules alone: slow, plain, one host at a time.

Shares nothing with the planner but the values that go in: no method of theirs is called, CPUs are numbers, lists are
lists, and the tables of rule 12 are read from their file.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.domain.cpu.cpulist import CpuList
from app.domain.fleet.fleet import FleetHost
from app.domain.fleet.placement import Placement, Requirement
from app.domain.planning.composition import BootOrder

Triple = tuple[int, int, int]
Model = tuple[int, int]


@dataclass(frozen=True)
class Outcome:
    """What a boot must come to."""

    no_such_cpus: bool = False
    refused: frozenset[str] = frozenset()
    too_many: int = 0
    entries: tuple[Triple, ...] = ()
    mode: str = ""
    mode_reasons: tuple[str, ...] = ()
    left_out: tuple[tuple[Triple, int, tuple[str, ...]], ...] = ()
    accepted: tuple[str, ...] = ()


# Rule 1: what a host is.


def by_cpu(host: FleetHost, pinned: CpuList | None = None) -> list[tuple[int, int, int | None]]:
    """The distinct triples of a host, or of some of its CPUs, by the lowest CPU that has each. None: unknown."""
    wanted = cpus_of(host) if pinned is None else numbers(pinned)
    found = []
    for cpu in sorted(wanted):
        for group in host.identity.groups:
            if group.cpus is None or group.cpus.mask >> cpu & 1:
                triple = (group.reported.midr, group.reported.revidr, group.reported.aidr)
                if triple not in found:
                    found.append(triple)
    return found


def cpus_of(host: FleetHost) -> set[int]:
    """CPU 0 stands for all where the host does not number them."""
    return {cpu for group in host.identity.groups for cpu in ({0} if group.cpus is None else numbers(group.cpus))}


def numbers(cpus: CpuList) -> set[int]:
    return {cpu for cpu in range(cpus.mask.bit_length()) if cpus.mask >> cpu & 1}


def has_cpus(host: FleetHost, cpus: CpuList) -> bool:
    return any(group.cpus is None for group in host.identity.groups) or numbers(cpus) <= cpus_of(host)


def complete(host: FleetHost) -> bool:
    return all(aidr is not None for _, _, aidr in by_cpu(host))


def known(triples: Iterable[tuple[int, int, int | None]]) -> list[Triple]:
    return [(midr, revidr, aidr) for midr, revidr, aidr in triples if aidr is not None]


# Where a placement lets a VM run.


def allows(placement: Placement, host: FleetHost) -> bool:
    labels = dict(host.labels)
    wanted = placement.selector.match_labels
    return (
        host.name not in placement.exclude_hosts
        and (not placement.include_hosts or host.name in placement.include_hosts)
        and all(key in labels and labels[key] == wanted[key] for key in wanted)
        and all(holds(each, labels) for each in placement.selector.match_expressions)
    )


def holds(requirement: Requirement, labels: dict[str, str]) -> bool:
    has_key = requirement.key in labels
    has_value = has_key and labels[requirement.key] in requirement.values
    return {
        "In": has_value,
        "NotIn": not has_value,
        "Exists": has_key,
        "DoesNotExist": not has_key,
    }[requirement.operator.value]


# Rule 12: the tables of safe and capable parts.


@dataclass(frozen=True)
class SafeTable:
    id: str
    ranges: tuple[tuple[Model, Model, Model], ...]
    """(implementer, part), first (variant, revision), last (variant, revision)."""

    def has(self, triple: Triple) -> bool:
        midr = triple[0] % 2**32
        if midr // 2**16 % 16 != 15:
            return False
        model, at = (midr // 2**24, midr // 2**4 % 2**12), (midr // 2**20 % 16, midr % 16)
        return any(model == named and first <= at <= last for named, first, last in self.ranges)


def _revision(text: str) -> Model:
    variant, revision = text.removeprefix("r").split("p")
    return int(variant), int(revision)


def _safe_tables() -> tuple[SafeTable, ...]:
    document = json.loads((Path(__file__).parents[2] / "app" / "data" / "errata.json").read_text())
    wanted = [row for row in document["entries"] if row["rule"] == "any_safe" and not row.get("el2_only", False)]
    assert not any(row["fixed"] for row in wanted), "the oracle does not know safe tables with fixed revisions"
    return tuple(
        SafeTable(
            row["id"],
            tuple(
                ((int(each["implementer"], 16), int(each["part"], 16)), _revision(each["min"]), _revision(each["max"]))
                for each in row["ranges"]
            ),
        )
        for row in wanted
    )


SAFE_TABLES: Final = _safe_tables()


def mixed(triples: Iterable[Triple]) -> list[str]:
    """The tables that have some of these, and not all."""
    asked = list(triples)
    return sorted(
        table.id
        for table in SAFE_TABLES
        if any(table.has(each) for each in asked) and not all(table.has(each) for each in asked)
    )


def unaccepted(triples: Iterable[Triple], placement: Placement) -> list[str]:
    return [table for table in mixed(triples) if table not in placement.accept_hazards]


# Rules 3, 5, 6 and 11: the list.


def boot(hosts: list[FleetHost], stale: set[str], order: BootOrder) -> Outcome:
    host = next(each for each in hosts if each.name == order.host)
    if order.cpus is not None and not has_cpus(host, order.cpus):
        return Outcome(no_such_cpus=True)
    reasons = mode_reasons(host, order)
    shown = by_cpu(host, order.cpus)
    own = known(shown)
    if refused := boot_refusals(host, stale, order, homogeneous=bool(reasons)):
        return Outcome(refused=refused)
    admitted, left_out = ([], []) if reasons else others(hosts, order, own)
    entries = (*own, *admitted)
    if len(entries) > order.placement.max_implementations:
        return Outcome(too_many=len(entries))
    mode = "homogeneous" if reasons else "discoverable"
    accepted = tuple(table for table in mixed(entries) if table in order.placement.accept_hazards)
    return Outcome(entries=entries, mode=mode, mode_reasons=reasons, left_out=tuple(left_out), accepted=accepted)


def mode_reasons(host: FleetHost, order: BootOrder) -> tuple[str, ...]:
    found = []
    if not order.guest.discovers_implementations:
        found.append("guest_cannot_discover")
    if host.capabilities.writable_id_registers is not True:
        found.append("lacks_writable_id_registers")
    if host.capabilities.discovery_hypercalls is not True:
        found.append("lacks_discovery_hypercalls")
    return tuple(found)


def boot_refusals(host: FleetHost, stale: set[str], order: BootOrder, *, homogeneous: bool) -> frozenset[str]:
    shown = by_cpu(host, order.cpus)
    against = {
        "host_not_active": host.state.value != "active",
        "placement_mismatch": not allows(order.placement, host),
        "identity_incomplete": not complete(host),
        "inventory_stale": host.name in stale,
        "heterogeneous_host": homogeneous and len(shown) > 1,
        "hazard_on_boot_host": bool(unaccepted(known(shown), order.placement)),
    }
    return frozenset(code for code, holds_here in against.items() if holds_here)


Found = tuple[list[Triple], list[tuple[Triple, int, tuple[str, ...]]]]


def others(hosts: list[FleetHost], order: BootOrder, own: list[Triple]) -> Found:
    """What else is listed, and what is left out with the number of hosts that have it, both ascending."""
    having: dict[Triple, int] = {}
    for host in hosts:
        if host.state.value != "retired" and allows(order.placement, host) and complete(host):
            for triple in known(by_cpu(host)):
                having[triple] = having.get(triple, 0) + 1
    admitted, left_out = [], []
    for triple in sorted(having):
        if triple in own:
            continue
        # The boot host decides: whatever stands beside it must be in the tables that it is in, and in no other.
        forbidding = unaccepted([*own, triple], order.placement)
        if forbidding:
            left_out.append((triple, having[triple], tuple(forbidding)))
        else:
            admitted.append(triple)
    return admitted, left_out


def met(hosts: Iterable[FleetHost], placement: Placement) -> set[Triple]:
    """What the guest may meet in its life, asked host by host."""
    return {
        triple
        for host in hosts
        if host.state.value != "retired" and allows(placement, host) and complete(host)
        for triple in known(by_cpu(host))
    }


def coverage_faults(universe: set[Triple], own: set[Triple], listed: set[Triple], left_out: set[Triple]) -> list[str]:
    """What is wrong with a list that should cover a universe, in the words of the checker."""
    missing, foreign = universe - listed - left_out, listed - universe - own
    faults = {
        f"{len(missing)} implementations of the universe are neither listed nor left out": missing,
        f"{len(foreign)} listed implementations belong to no host of the universe": foreign,
        "an implementation is left out that no host of the universe has": left_out - universe,
        "an implementation is both listed and left out": left_out & listed,
    }
    return [words for words, found in faults.items() if found]


# Rule 8: where the running VM may move.


@dataclass(frozen=True)
class Sealed:
    """What of a boot matters to a move."""

    entries: tuple[Triple, ...]
    discoverable: bool
    guest_discovers: bool


def against_move(
    host: FleetHost, stale: set[str], placement: Placement, sealed: Sealed, current: str
) -> frozenset[str]:
    """Codes of all reasons against a host; none means that it is a target."""
    unlisted = [triple for triple in known(by_cpu(host)) if triple not in sealed.entries]
    weakening = [triple for triple in unlisted if unaccepted([*sealed.entries, triple], placement)]
    against = {
        "is_current_host": host.name == current,
        "host_not_active": host.state.value != "active",
        "placement_mismatch": not allows(placement, host),
        "identity_incomplete": not complete(host),
        "inventory_stale": host.name in stale,
        "implementation_not_listed": bool(unlisted),
        "lacks_writable_id_registers": sealed.discoverable and host.capabilities.writable_id_registers is not True,
        "lacks_discovery_hypercalls": sealed.discoverable and host.capabilities.discovery_hypercalls is not True,
        "guest_cannot_discover": bool(unlisted) and not sealed.guest_discovers,
        "would_weaken_guest": sealed.discoverable and bool(weakening),
    }
    return frozenset(code for code, holds_here in against.items() if holds_here)
