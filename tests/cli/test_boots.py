import json

import pytest

from tests.cli.program import CommandLine

pytestmark = pytest.mark.usefixtures("wide")


def test_a_refused_boot_says_why(asking: CommandLine, guest: str, zone: str) -> None:
    asking("hosts", "state", f"{zone}-1", "retired")
    done = asking("vms", "boot", guest, f"{zone}-1")
    assert done.code == 1
    assert "✗ host_not_active" in done.err


def test_a_boot_may_be_pinned(asking: CommandLine, guest: str, zone: str) -> None:
    booted = json.loads(asking("vms", "boot", guest, f"{zone}-1", "--cpus", "0-1", "-o", "json").out)
    assert booted["cpus"] == "0-1"


def test_a_guest_that_cannot_discover_is_told_of_one_cpu(asking: CommandLine, guest: str, zone: str) -> None:
    shown = asking("vms", "show", f"{zone}-old").lines
    assert f"placement         zone In ({zone}); gpu DoesNotExist" in shown
    assert "never hosts       h99" in shown
    booted = asking("vms", "boot", f"{zone}-old", f"{zone}-1")
    assert "mode              homogeneous: guest_cannot_discover" in booted.lines
    qemu = asking("vms", "implementation-list", f"{zone}-old", "--qemu")
    assert (qemu.code, qemu.out) == (1, "")


def test_adoption(asking: CommandLine, guest: str, zone: str) -> None:
    adopt = ("vms", "adopt", guest, f"{zone}-1", "--implementation")
    assert asking(*adopt, "0x481fd010,0x0").code == 2
    adopted = asking(*adopt, "0x481fd010,0x0,0x551", "--implementation", "0x481fd011, 0x0, 0x551")
    assert adopted.code == 0
    assert f"vm                {guest}, boot 1 (adopted)" in adopted.lines
    row = next(line for line in asking("vms", "list", "--host", f"{zone}-1").lines if line.startswith(guest))
    assert row.split()[1:4] == ["running", f"{zone}-1", "discoverable"]
    assert row.split()[5] == "yes"  # exposed


def test_a_vm_that_runs_pinned_is_adopted_so(asking: CommandLine, guest: str, zone: str) -> None:
    adopt = ("vms", "adopt", guest, f"{zone}-1", "--implementation", "0x413fd0c1,0x0,0x0", "--cpus", "0-1")
    assert json.loads(asking(*adopt, "-o", "json").out)["cpus"] == "0-1"


def test_every_boot_of_a_vm(asking: CommandLine, guest: str, zone: str) -> None:
    for number, other in ((1, ("--cpus", "0-1")), (2, ())):
        assert asking("vms", "boot", guest, f"{zone}-{number}", *other).code == 0
        asking("vms", "stop", guest)
    title, *rows = asking("vms", "boots", guest).lines
    assert title.split() == ["BOOT", "SEALED", "HOST", "CPUS", "MODE", "LIST", "ADOPTED"]
    assert [(row.split()[0], *row.split()[4:7]) for row in rows] == [
        ("1", f"{zone}-1", "0-1", "discoverable"),
        ("2", f"{zone}-2", "all", "discoverable"),
    ]
    assert [each["boot"] for each in json.loads(asking("vms", "boots", guest, "-o", "json").out)] == [1, 2]
