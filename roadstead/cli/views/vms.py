"""VMs."""

from collections.abc import Mapping
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from roadstead.cli.views.hosts import resources
from roadstead.cli.views.layout import Cell, Column, Columns
from roadstead.cli.views.tables import NOTHING, fields, labels, maybe, short_digest, state
from roadstead.client.documents import Placement, Requirement, Vm


def _exposed(vm: Vm) -> Text:
    return Text("yes", "bold red") if vm["exposed"] else Text("no", "dim")


VMS: Final[Columns[Vm]] = (
    Column("NAME", lambda vm: vm["name"]),
    Column("STATE", lambda vm: state(vm["state"])),
    Column("HOST", lambda vm: maybe(vm["host"])),
    Column("MODE", lambda vm: maybe(vm["mode"]), yields=2),
    Column("LIST", lambda vm: short_digest(vm["implementation_list"]), yields=3),
    Column("EXPOSED", _exposed, yields=1),
    Column("MIGRATION", lambda vm: maybe(vm["migration"]), yields=4),
    Column("DIGEST", lambda vm: maybe(vm["implementation_list"]), wide=True),
    Column("KERNEL", lambda vm: maybe(vm["guest"]["kernel_release"]), wide=True),
    Column("RESOURCES", lambda vm: resources(vm["resources"]), wide=True),
)


def vm_view(vm: Vm) -> RenderableType:
    guest = vm["guest"]
    facts: Mapping[str, Cell] = {
        "name": vm["name"],
        "state": state(vm["state"]),
        "host": maybe(vm["host"]),
        "exposed": _exposed(vm),
        "boot": f"{vm['boot']}, {vm['mode']}" if vm["boot"] else NOTHING,
        "list": maybe(vm["implementation_list"]),
        "migration": maybe(vm["migration"]),
        "guest": f"{'discovers' if guest['discovers_implementations'] else 'cannot discover'} implementations,"
        f" kernel {guest['kernel_release'] or 'unknown'}",
        "resources": resources(vm["resources"]),
        **_placement(vm["placement"]),
        "accepted hazards": ", ".join(vm["accepted_hazards"]) or NOTHING,
    }
    return fields(facts)


def _placement(placement: Placement) -> Mapping[str, str]:
    selector = placement["selector"]
    wanted = [labels(selector["match_labels"])] if selector["match_labels"] else []
    wanted += [_requirement(each) for each in selector["match_expressions"]]
    return {
        "placement": "; ".join(wanted) or "all hosts",
        "only hosts": ", ".join(placement["include_hosts"]) or NOTHING,
        "never hosts": ", ".join(placement["exclude_hosts"]) or NOTHING,
        "at most": f"{placement['max_implementations']} implementations",
    }


def _requirement(requirement: Requirement) -> str:
    values = f" ({', '.join(requirement['values'])})" if requirement["values"] else ""
    return f"{requirement['key']} {requirement['operator']}{values}"
