"""The sentences in which refusals name registers, labels and CPUs."""

from collections.abc import Iterable, Sequence

from app.domain.cpu.cpu_names import CpuNames
from app.domain.cpu.implementation import Implementation
from app.domain.fleet.fleet import FleetHost
from app.domain.fleet.placement import Operator, Placement
from app.domain.planning.reasons import Unlisted, Unmet, Unread
from app.domain.reference.reference_data import ReferenceData


def placement_mismatch(host: FleetHost, placement: Placement, unmet: Iterable[Unmet]) -> str:
    """Every part of the placement that the host does not satisfy."""
    faults = []
    if host.name in placement.exclude_hosts:
        faults.append("it is among exclude_hosts")
    if placement.include_hosts and host.name not in placement.include_hosts:
        faults.append("it is not among include_hosts")
    faults += [_unmet(each) for each in unmet]
    return f"the placement does not allow {host.name}: {'; '.join(faults)}"


def unknown_registers(host: FleetHost, unread: Iterable[Unread]) -> str:
    if not host.identity.readable:
        return f"what {host.name} reported is stored in a form that cannot be read; unknown registers are never guessed"
    where = ", ".join("all CPUs" if each.cpus is None else f"CPUs {each.cpus}" for each in unread)
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


def not_listed(host: FleetHost, unlisted: Iterable[Unlisted], names: CpuNames) -> str:
    """For example `h7 is Arm Neoverse N1 r3p1 with REVIDR 0x1; the list has Arm Neoverse N1 r3p1 with REVIDR 0x0`."""
    return "; ".join(f"{host.name} is {_unlisted(each, names)}" for each in unlisted)


def _unlisted(found: Unlisted, names: CpuNames) -> str:
    return (
        f"{_compared(found.implementation, found, names)}; the list has {_compared(found.nearest_listed, found, names)}"
    )


def _compared(implementation: Implementation, found: Unlisted, names: CpuNames) -> str:
    registers = zip(Implementation._fields, implementation, strict=True)
    values = [f"{name.upper()} {value:#x}" for name, value in registers if name in found.differing_registers]
    return f"{names.name(implementation)} with {' and '.join(values)}"


def _unmet(unmet: Unmet) -> str:
    asked = unmet.requirement
    found = f"it has {asked.key}={unmet.found}" if unmet.found is not None else f"it has no label {asked.key}"
    if asked.operator is Operator.IN and len(asked.values) == 1:
        return f"{asked.key}={asked.values[0]} is asked, and {found}"
    values = f" [{', '.join(asked.values)}]" if asked.operator in (Operator.IN, Operator.NOT_IN) else ""
    return f"{asked.key} {asked.operator}{values} is asked, and {found}"
