"""Hosts and their history."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from roadstead.cli.views.tables import (
    NOTHING,
    Column,
    Columns,
    fields,
    heading,
    labels,
    maybe,
    names,
    register,
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


def _cpu(host: Host) -> Text:
    if host["unreadable"]:
        return Text("unreadable", "red")
    complete = "" if host["identity_complete"] else "  AIDR unknown"
    return Text.assemble(names(host["implementations"]), (complete, "yellow"))


HOSTS: Final[Columns[Host]] = (
    Column("NAME", lambda host: host["name"]),
    Column("STATE", lambda host: state(host["state"])),
    Column("CPU", _cpu),
    Column("KERNEL", lambda host: maybe(host["kernel_release"])),
    Column("LABELS", lambda host: labels(host["labels"])),
    Column("OBSERVED", lambda host: time(host["observed_at"])),
)

_CPU_GROUPS: Final[Columns[CpuGroup]] = (
    Column("CPUS", lambda group: group["cpu_list"] or "all"),
    Column("MIDR_EL1", lambda group: group["midr"]),
    Column("REVIDR_EL1", lambda group: group["revidr"]),
    Column("AIDR_EL1", lambda group: register(group["aidr"])),
)


def host_view(host: Host, vms: Sequence[str], *, more: bool) -> RenderableType:
    """A host, with the first VMs on it."""
    able = host["capabilities"]
    facts: Mapping[str, RenderableType] = {
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
