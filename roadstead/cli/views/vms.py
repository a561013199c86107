"""VMs, their lists, their targets, their migrations."""

from collections.abc import Iterator, Mapping
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from roadstead.cli.views.hosts import resources
from roadstead.cli.views.tables import (
    IMPLEMENTATION_COLUMNS,
    NOTHING,
    Column,
    Columns,
    fields,
    heading,
    labels,
    maybe,
    names,
    short_digest,
    state,
    table,
    time,
)
from roadstead.client.documents import (
    ImplementationList,
    LeftOut,
    ListEntry,
    Migration,
    Placement,
    PlannedList,
    Preview,
    Rejection,
    Rejections,
    Requirement,
    Target,
    Vm,
)


def _exposed(vm: Vm) -> Text:
    return Text("yes", "bold red") if vm["exposed"] else Text("no", "dim")


VMS: Final[Columns[Vm]] = (
    Column("NAME", lambda vm: vm["name"]),
    Column("STATE", lambda vm: state(vm["state"])),
    Column("HOST", lambda vm: maybe(vm["host"])),
    Column("MODE", lambda vm: maybe(vm["mode"])),
    Column("LIST", lambda vm: short_digest(vm["implementation_list"])),
    Column("EXPOSED", _exposed),
    Column("MIGRATION", lambda vm: maybe(vm["migration"])),
)

TARGETS: Final[Columns[Target]] = (
    Column("HOST", lambda target: target["host"]),
    Column("CPU", lambda target: names(target["implementations"])),
)

_REJECTIONS: Final[Columns[Rejection]] = (
    Column("REASON", lambda rejection: rejection["code"]),
    Column("HOSTS", lambda rejection: str(rejection["hosts"])),
    Column("EXAMPLES", lambda rejection: ", ".join(rejection["examples"])),
)

MIGRATIONS: Final[Columns[Migration]] = (
    Column("ID", lambda migration: migration["id"]),
    Column("VM", lambda migration: migration["vm"]),
    Column("STATE", lambda migration: state(migration["state"])),
    Column("SOURCE", lambda migration: migration["source"]),
    Column("TARGET", lambda migration: migration["target"]),
    Column("ADMITTED", lambda migration: time(migration["admitted_at"])),
)

_PREVIEWED: Final = 10
"""Targets that stand in a preview; it is about the list."""

_ENTRIES: Final[Columns[ListEntry]] = (Column("INDEX", lambda entry: str(entry["index"])), *IMPLEMENTATION_COLUMNS)

_LEFT_OUT: Final[Columns[LeftOut]] = (
    Column("CPU", lambda left: left["implementation"]["name"]),
    Column("MIDR_EL1", lambda left: left["implementation"]["midr"]),
    Column("HOSTS", lambda left: str(left["hosts"])),
    Column("FORBIDDEN BY", lambda left: ", ".join(left["hazards"])),
)


def vm_view(vm: Vm) -> RenderableType:
    guest = vm["guest"]
    facts: Mapping[str, RenderableType] = {
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
    warnings = [Text.assemble(("! ", "yellow"), each["detail"]) for each in vm["warnings"]]
    return Group(fields(facts), *warnings)


def list_view(sealed: ImplementationList) -> RenderableType:
    facts = {
        "vm": f"{sealed['vm']}, boot {sealed['boot']}{' (adopted)' if sealed['adopted'] else ''}",
        "sealed": f"{time(sealed['sealed_at'])} on {sealed['host']} (fleet revision {sealed['fleet_revision']})",
    }
    return Group(fields({**facts, **_about(sealed)}), *_contents(sealed))


def preview_view(preview: Preview) -> RenderableType:
    planned, targets = preview["implementation_list"], preview["targets"]
    facts = {"host": f"{planned['host']} (fleet revision {preview['fleet_revision']}); nothing was stored"}
    return Group(
        fields({**facts, **_about(planned)}),
        *_contents(planned),
        heading(f"Targets: {targets['total']}"),
        table(TARGETS, targets["items"][:_PREVIEWED]),
        *(["…"] if targets["total"] > _PREVIEWED else []),
    )


def rejections_view(rejections: Rejections) -> RenderableType:
    summary = f"no targets of {rejections['vm']}: {rejections['total']}"
    revision = f"  (fleet revision {rejections['fleet_revision']})"
    return Group(Text.assemble((summary, "bold"), (revision, "dim")), table(_REJECTIONS, rejections["items"]))


def migration_view(migration: Migration) -> RenderableType:
    return fields(
        {
            "id": migration["id"],
            "vm": migration["vm"],
            "state": state(migration["state"]),
            "source": migration["source"],
            "target": migration["target"],
            "list": migration["implementation_list"],
            "admitted": time(migration["admitted_at"]),
            "closed": time(migration["closed_at"]),
        }
    )


def _about(planned: PlannedList) -> Mapping[str, RenderableType]:
    why = ", ".join(planned["mode_reasons"])
    return {
        "mode": f"{planned['mode']}: {why}" if why else planned["mode"],
        "digest": planned["digest"],
        "accepted hazards": Text(", ".join(planned["accepted_hazards"]) or NOTHING, "yellow"),
    }


def _contents(planned: PlannedList) -> Iterator[RenderableType]:
    yield heading("The list; the vCPUs present the first")
    yield table(_ENTRIES, planned["implementations"])
    if planned["left_out"]:
        yield heading("Left out, because they would weaken the guest")
        yield table(_LEFT_OUT, planned["left_out"])


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
