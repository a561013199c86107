"""The fleet on one screen."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from roadstead.cli.views.migrations import MIGRATIONS
from roadstead.cli.views.tables import fields, heading, table
from roadstead.client.documents import Fleet, Migration

S = TypeVar("S", bound=str)


class Concern(NamedTuple):
    """Something that may need attention: how much there is of it, and how to see it."""

    words: str
    number: int
    command: str


class Standing(NamedTuple):
    fleet: Fleet
    open_migrations: Sequence[Migration]
    """The first of them."""


def concerns(fleet: Fleet) -> Sequence[Concern]:
    return (
        Concern("VMs exposed", fleet["vms_exposed"], "vms list --exposed"),
        Concern("VMs stranded", fleet["vms_without_target"], "vms list --without-target"),
        Concern("VMs that accept hazards", fleet["vms_accepting_hazards"], "vms list --accepting-hazards"),
        Concern("VMs outdated: a boot would list more", fleet["vms_outdated"], "vms list --outdated"),
        Concern("VMs unreadable", fleet["vms_unreadable"], "vms list"),
        Concern("hosts stale", fleet["hosts_stale"], "hosts list --stale"),
        Concern("hosts with unknown registers", fleet["hosts_identity_incomplete"], "hosts list --incomplete"),
        Concern("hosts unreadable", fleet["hosts_unreadable"], "hosts list --unreadable"),
        Concern("migrations overdue", fleet["migrations_overdue"], "migrations list --state overdue"),
    )


def status_view(standing: Standing) -> RenderableType:
    fleet = standing.fleet
    facts = {
        "hosts": _counted(fleet["hosts"]),
        "VMs": _counted(fleet["vms"]),
        "open migrations": str(fleet["migrations_open"]),
        "fleet revision": str(fleet["fleet_revision"]),
    }
    return Group(fields(facts), *_attention(concerns(fleet)), *_open(standing))


def _counted(states: Mapping[S, int]) -> str:
    return f"{sum(states.values())}: {', '.join(f'{count} {state}' for state, count in states.items() if count)}"


_STYLE: Final = "bold yellow"


def _attention(found: Sequence[Concern]) -> Iterator[RenderableType]:
    serious = [each for each in found if each.number]
    if not serious:
        yield Text("\n✓ nothing needs attention", "green")
        return
    yield heading("Needs attention")
    made = Table.grid(padding=(0, 2, 0, 0))
    for each in serious:
        made.add_row(Text(str(each.number), _STYLE), each.words, Text(f"roadstead {each.command}", "dim"))
    yield made


def _open(standing: Standing) -> Iterator[RenderableType]:
    if standing.open_migrations:
        yield heading("Open migrations, the oldest first")
        yield table(MIGRATIONS, standing.open_migrations)
