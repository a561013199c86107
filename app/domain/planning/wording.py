"""The sentences in which refusals name registers, labels and CPUs."""

from collections.abc import Sequence

from app.domain.cpu.cpu_names import CpuNames
from app.domain.cpu.implementation import Implementation
from app.domain.fleet.fleet import FleetHost
from app.domain.fleet.placement import Operator, Placement, Requirement
from app.domain.planning.reasons import Unlisted
from app.domain.reference.reference_data import ReferenceData


def placement_mismatch(host: FleetHost, placement: Placement) -> str:
    """Every part of the placement that the host does not satisfy."""
    faults = []
    if host.name in placement.exclude_hosts:
        faults.append("it is among exclude_hosts")
    if placement.include_hosts and host.name not in placement.include_hosts:
        faults.append("it is not among include_hosts")
    labels = dict(host.labels)
    faults += [_unmet(r, labels.get(r.key)) for r in placement.selector.requirements if not r.holds(labels)]
    return f"the placement does not allow {host.name}: {'; '.join(faults)}"


def _unmet(requirement: Requirement, value: str | None) -> str:
    found = f"it has {requirement.key}={value}" if value is not None else f"it has no label {requirement.key}"
    if requirement.operator is Operator.IN and len(requirement.values) == 1:
        return f"{requirement.key}={requirement.values[0]} is asked, and {found}"
    values = f" [{', '.join(requirement.values)}]" if requirement.operator in (Operator.IN, Operator.NOT_IN) else ""
    return f"{requirement.key} {requirement.operator}{values} is asked, and {found}"


def unknown_registers(host: FleetHost) -> str:
    """Which CPUs have an unread register."""
    unread = [group.cpus for group in host.identity.groups if not group.reported.known]
    where = ", ".join("all CPUs" if cpus is None else f"CPUs {cpus}" for cpus in unread)
    return f"AIDR_EL1 of {host.name} is unknown on {where}; an unread register is never taken for 0"


def listed_since(implementations: Sequence[Implementation], hazards: Sequence[str], reference: ReferenceData) -> str:
    """A further sentence: since which kernel the tables have which implementation. Empty where that is not known."""
    entries = [entry for hazard in hazards if (entry := reference.tables.entry(hazard))]
    listed = ", ".join(
        f"{entry.id} has {reference.names.name(each)} since Linux {since}"
        for entry in entries
        for each in implementations
        if entry.counts(each) and (since := entry.listed_since(each))
    )
    # Why a guest's kernel_release proves nothing: the list outlives the kernel.
    later = "an older guest that is updated inside its VM reads the same list"
    return f"; {listed}: {later}" if listed else ""


def ability(reported: bool | None) -> str:  # noqa: FBT001 - a fact of the host, not a switch
    return "is not known to" if reported is None else "cannot"


def not_listed(host: FleetHost, unlisted: Sequence[Unlisted], names: CpuNames) -> str:
    """For example `h7 is Arm Neoverse N1 r3p1 with REVIDR 0x1; the list has Arm Neoverse N1 r3p1 with REVIDR 0x0`."""
    return "; ".join(
        f"{host.name} is {_compared(each.implementation, each, names)};"
        f" the list has {_compared(each.nearest_listed, each, names)}"
        for each in unlisted
    )


def _compared(implementation: Implementation, difference: Unlisted, names: CpuNames) -> str:
    registers = zip(Implementation._fields, implementation, strict=True)
    values = [f"{name.upper()} {value:#x}" for name, value in registers if name in difference.differing_registers]
    return f"{names.name(implementation)} with {' and '.join(values)}"
