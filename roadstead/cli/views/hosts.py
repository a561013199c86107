"""Hosts and their history."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from roadstead.cli.views.layout import Cell, Column, Columns
from roadstead.cli.views.tables import (
    NOTHING,
    fields,
    heading,
    labels,
    maybe,
    minute,
    names,
    register_column,
    short_names,
    state,
    table,
    time,
    yes_no,
)
from roadstead.client.documents import (
    CpuGroup,
    Host,
    HostHistory,
    Imported,
    ReportedIdentity,
    Resources,
)


def _cpu(host: Host) -> Cell:
    if host["unreadable"]:
        return Text("unreadable", "red")
    return _cpu_named(host, names(host["implementations"]))


def _cpu_named(host: Host, name: str) -> Cell:
    return name if host["identity_complete"] else Text.assemble(name, ("  AIDR unknown", "yellow"))


def _cpu_briefly(host: Host) -> Cell:
    return _cpu(host) if host["unreadable"] else _cpu_named(host, short_names(host["implementations"]))


def _capable(host: Host) -> str:
    return ", ".join(name for name, able in host["capabilities"].items() if able) or NOTHING


HOSTS: Final[Columns[Host]] = (
    Column("NAME", lambda host: host["name"]),
    Column("STATE", lambda host: state(host["state"])),
    Column("CPU", _cpu, yields=1, brief=_cpu_briefly),
    Column("KERNEL", lambda host: maybe(host["kernel_release"]), yields=3),
    Column("LABELS", lambda host: labels(host["labels"]), yields=4, cut=True),
    Column("OBSERVED", lambda host: minute(host["observed_at"]), yields=2),
    Column("VMM", lambda host: maybe(host["vmm"]), wide=True),
    Column("CAPACITY", lambda host: resources(host["capacity"]), wide=True),
    Column("CAPABILITIES", _capable, wide=True),
)

_CPU_GROUPS: Final[Columns[CpuGroup]] = (
    Column("CPUS", lambda group: group["cpu_list"] or "all"),
    register_column("MIDR_EL1", lambda group: group["midr"]),
    register_column("REVIDR_EL1", lambda group: group["revidr"]),
    register_column("AIDR_EL1", lambda group: group["aidr"]),
)


def host_view(host: Host, vms: Sequence[str], *, more: bool) -> RenderableType:
    """A host, with the first VMs on it."""
    able = host["capabilities"]
    facts: Mapping[str, Cell] = {
        "name": host["name"],
        "state": state(host["state"]),
        "labels": labels(host["labels"]),
        "cpu": _cpu(host),
        "writable id registers": yes_no(able["writable_id_registers"]),
        "discovery hypercalls": yes_no(able["discovery_hypercalls"]),
        "capacity": resources(host["capacity"]),
        "kernel": maybe(host["kernel_release"]),
        "vmm": maybe(host["vmm"]),
        "observed": time(host["observed_at"]),
        "changed": f"{time(host['updated_at'])} (fleet revision {host['fleet_revision']})",
        "vms": _vms(host, vms, more=more),
    }
    return Group(fields(facts), heading("CPUs"), table(_CPU_GROUPS, host["cpus"]))


def _vms(host: Host, vms: Sequence[str], *, more: bool) -> str:
    if not vms:
        return NOTHING
    return f"{', '.join(vms)}{', …' if more else ''}  (roadstead vms list --host {host['name']})"


def history_view(history: HostHistory) -> RenderableType:
    return Group(*(line for item in history["items"] for line in _identity(item)))


def imported_sentence(imported: Imported) -> str:
    if_done = "would be " if imported["dry_run"] else ""
    return (
        f"hosts: {imported['created']} {if_done}created, {imported['updated']} updated,"
        f" {imported['unchanged']} unchanged (fleet revision {imported['fleet_revision']})"
    )


def resources(has: Resources | None) -> str:
    return maybe(None) if has is None else f"{has['vcpus']} vCPUs, {has['memory_mib']} MiB"


def _identity(item: ReportedIdentity) -> Iterator[RenderableType]:
    now = "  now" if item["current"] else ""
    yield Text.assemble((names(item["implementations"]), "bold"), (now, "green"))
    for period in item["periods"]:
        until = f"until {time(period['until'])}" if period["until"] else "until now"
        yield Text(f"  {time(period['since'])} {until}, reported by {period['reported_by']}", "dim")
    yield table(_CPU_GROUPS, item["cpus"])
    yield Text()
