"""`roadstead status`: the fleet on one screen."""

import json
from collections.abc import Mapping

import pytest

from roadstead.client.documents import Fleet
from tests.cli.program import CommandLine
from tests.failing_service import Scripted, failing_service

pytestmark = pytest.mark.usefixtures("wide")

QUIET: Fleet = {
    "fleet_revision": 42,
    "hosts": {"planned": 0, "active": 3, "cordoned": 1, "maintenance": 0, "retired": 0},
    "hosts_stale": 0,
    "hosts_identity_incomplete": 0,
    "hosts_unreadable": 0,
    "oldest_observation_age_seconds": 7,
    "vms": {"defined": 0, "running": 2, "migrating": 1},
    "vms_exposed": 0,
    "vms_without_target": 0,
    "vms_accepting_hazards": 0,
    "vms_outdated": 0,
    "vms_unreadable": 0,
    "migrations_open": 1,
    "migrations_overdue": 0,
}
OPEN = {
    "id": "4a",
    "vm": "vm-1",
    "state": "admitted",
    "source": "h1",
    "target": "h2",
    "admitted_at": "2026-11-22T10:00:00Z",
}


def screen(roadstead: CommandLine, fleet: Mapping[str, object], *migrations: object) -> list[str]:
    with failing_service() as service:
        for document in (fleet, {"items": [], "next_cursor": None}, {"items": migrations, "next_cursor": None}):
            service.will(Scripted(200, document))
        done = roadstead("status", "--server", service.url)
    assert (done.code, done.err) == (0, "")
    return done.lines


def test_a_quiet_fleet(roadstead: CommandLine) -> None:
    lines = screen(roadstead, QUIET, OPEN)
    assert lines[:4] == [
        "hosts            4: 3 active, 1 cordoned",
        "VMs              3: 2 running, 1 migrating",
        "open migrations  1",
        "fleet revision   42",
    ]
    assert "✓ nothing needs attention" in lines
    assert lines[-1].split()[:5] == ["4a", "vm-1", "admitted", "h1", "h2"]


@pytest.mark.parametrize(
    ("field", "words", "command"),
    [
        ("vms_exposed", "VMs exposed", "vms list --exposed"),
        ("vms_without_target", "VMs stranded", "vms list --without-target"),
        ("vms_accepting_hazards", "VMs that accept hazards", "vms list --accepting-hazards"),
        ("vms_outdated", "VMs outdated: a boot would list more", "vms list --outdated"),
        ("vms_unreadable", "VMs unreadable", "vms list"),
        ("hosts_stale", "hosts stale", "hosts list --stale"),
        ("hosts_identity_incomplete", "hosts with unknown registers", "hosts list --incomplete"),
        ("hosts_unreadable", "hosts unreadable", "hosts list --unreadable"),
        ("migrations_overdue", "migrations overdue", "migrations list --state overdue"),
    ],
)
def test_what_needs_attention_is_told_with_the_command_that_shows_it(
    roadstead: CommandLine, field: str, words: str, command: str
) -> None:
    lines = screen(roadstead, {**QUIET, field: 5})
    assert [line.split() for line in lines if line.startswith("5 ")] == [f"5 {words} roadstead {command}".split()]
    assert roadstead(*command.split(), "--help").code == 0


def test_a_real_fleet(asking: CommandLine, guest: str, zone: str) -> None:
    asking("vms", "adopt", guest, f"{zone}-1", "--implementation", "0x481fd010,0x0,0x551")
    assert any(line.endswith("roadstead vms list --exposed") for line in asking("status").lines)
    fleet = json.loads(asking("status", "-o", "json").out)
    assert fleet.keys() == QUIET.keys()
    assert fleet["vms_exposed"] > 0
