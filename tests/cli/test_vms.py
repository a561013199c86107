import io
import json
import sys
from pathlib import Path

import pytest

from roadstead.client import Client, Server, hosts
from tests.api.talk import N1, N1_NEW, V1
from tests.cli.program import CommandLine
from tests.client.inputs import host
from tests.failing_service import failing_service, problem

DEFINITIONS = """\
name: {0}-vm
placement:
  selector: {{match_labels: {{zone: {0}}}}}
guest: {{discovers_implementations: true, kernel_release: "6.18.15"}}
---
- name: {0}-old
  placement:
    selector:
      match_expressions: [{{key: zone, operator: In, values: [{0}]}}, {{key: gpu, operator: DoesNotExist}}]
    exclude_hosts: [h99]
  guest: {{discovers_implementations: false}}
---
"""


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal in which no line is broken."""
    monkeypatch.setenv("COLUMNS", "140")


@pytest.fixture
def guest(asking: CommandLine, service_url: str, tmp_path: Path, zone: str) -> str:
    """A VM whose placement has two hosts of different CPUs; `old` is one that cannot discover."""
    with Client(Server(service_url)) as client:
        for name, cpu in ((f"{zone}-1", N1), (f"{zone}-2", V1)):
            client.ask(hosts.write(name, host(cpu, labels={"zone": zone})))
    path = tmp_path / "vms.yaml"
    path.write_text(DEFINITIONS.format(zone))
    assert asking("vms", "apply", path).out == f"{zone}-vm is defined\n{zone}-old is defined\n"
    assert asking("vms", "apply", path).out == f"{zone}-vm is as the file says\n{zone}-old is as the file says\n"
    return f"{zone}-vm"


def test_the_life_of_a_vm(asking: CommandLine, guest: str, zone: str) -> None:
    one, other = f"{zone}-1", f"{zone}-2"
    booted = asking("vms", "boot", guest, one)
    assert booted.code == 0
    assert f"vm                {guest}, boot 1" in booted.lines
    assert asking("vms", "implementation-list", guest).lines == booted.lines
    assert asking("vms", "implementation-list", guest, "--qemu").out.startswith("impl-cpu.0.midr=0x413fd0c1,")
    title, target = asking("vms", "targets", guest).lines
    assert (title.split(), target) == (["HOST", "CPU"], f"{other}  Arm Neoverse V1 r1p1")
    rejected = asking("vms", "rejections", guest)
    assert any(line.startswith("is_current_host") and line.endswith(one) for line in rejected.lines)

    admitted = json.loads(asking("vms", "migrate", guest, other, "-o", "json").out)
    assert asking("migrations", "verify", admitted["id"]).out == f"{guest} may move to {other}\n"
    assert f"{admitted['id']}  {guest}  admitted" in asking("migrations", "list", "--vm", guest).out
    assert asking("migrations", "complete", admitted["id"]).out == f"{guest} is on {other}\n"
    assert "state     completed" in asking("migrations", "show", admitted["id"]).lines
    back = json.loads(asking("vms", "migrate", guest, one, "-o", "json").out)
    assert asking("migrations", "fail", back["id"]).out == f"{guest} stays on {other}\n"
    assert asking("migrations", "complete", back["id"]).code == 1
    assert len(asking("migrations", "list", "--vm", guest, "--state", "failed").lines) == 2

    assert f"host              {other}" in asking("vms", "show", guest).lines
    assert asking("vms", "delete", guest).code == 1
    assert asking("vms", "stop", guest).out == f"{guest} is stopped\n"
    assert asking("vms", "implementation-list", guest).code == 1
    assert asking("vms", "implementation-list", guest, "--boot", 1).lines == booted.lines
    assert asking("vms", "delete", guest).out == f"{guest} is deleted\n"


def test_a_refused_move_has_every_reason_with_its_remedy(
    asking: CommandLine, guest: str, zone: str, service_url: str
) -> None:
    asking("vms", "boot", guest, f"{zone}-1")
    with Client(Server(service_url)) as client:
        client.ask(hosts.write(f"{zone}-3", host(N1_NEW, state="maintenance", labels={"zone": zone})))
    done = asking("vms", "migrate", guest, f"{zone}-3")
    assert (done.code, done.out) == (1, "")
    lines = [line.rstrip() for line in done.err.splitlines()]
    assert lines[0] == "roadstead: The VM cannot move to this host [not_a_target]"
    assert [line for line in lines if line.startswith("✗")] == [
        "✗ host_not_active",
        "✗ implementation_not_listed  (waiting does not help)",
    ]
    assert "  → boot the VM again to include it" in lines


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


def test_one_bad_definition_does_not_hinder_the_others(asking: CommandLine, tmp_path: Path, zone: str) -> None:
    path = tmp_path / "vms.json"
    good = {"guest": {"discovers_implementations": True}}
    path.write_text(json.dumps([{"name": f"{zone}-1", "guest": {}}, {"name": f"{zone}-2", **good}]))
    done = asking("vms", "apply", path)
    assert (done.code, done.out) == (1, f"{zone}-2 is defined\n")
    assert done.err.startswith(f"{zone}-1:\nroadstead: The request is not valid [invalid_request]\n")
    assert "  /guest/discovers_implementations: " in done.err


def test_a_service_that_fails_ends_it(asking: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "vms.yaml"
    path.write_text("[{name: a, guest: {}}, {name: b, guest: {}}]")
    with failing_service() as service:
        service.will(problem(500, "internal_error"))
        done = asking("vms", "apply", path, "--server", service.url)
    assert (done.code, len(service.heard)) == (3, 1)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("guest: {}", "a VM has no `name`"),
        ("- 7", "7 is no object"),
        ("a: [", "while parsing a flow"),
        ("", "has nothing in it"),
        ("---\n---\n", "has nothing in it"),
        ("name: v\nguest: {kernel_release: 2026-11-22}", "put them in quotes"),
    ],
)
def test_a_file_that_cannot_be_used(asking: CommandLine, tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "vms.yaml"
    path.write_text(content)
    done = asking("vms", "apply", path)
    assert (done.code, done.out) == (1, "")
    assert sentence in done.err


def test_definitions_come_from_standard_input_too(
    asking: CommandLine, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{{name: {zone}, guest: {{discovers_implementations: true}}}}"))
    assert asking("vms", "apply", "-").out == f"{zone} is defined\n"


def test_a_preview_is_of_a_vm_or_of_a_file(asking: CommandLine, guest: str, zone: str, tmp_path: Path) -> None:
    of_vm = asking("preview", f"{zone}-1", "--vm", guest)
    assert of_vm.code == 0
    assert "Targets: 1" in of_vm.lines
    path = tmp_path / "vm.yaml"
    path.write_text(DEFINITIONS.format(zone).partition("---")[0])
    assert asking("preview", f"{zone}-1", "--file", path).lines == of_vm.lines
    two = asking("preview", f"{zone}-1", "--file", tmp_path / "vms.yaml")
    assert (two.code, "has 2 VMs; a preview is of one" in two.err) == (1, True)
    for both_or_none in ((), ("--vm", guest, "--file", path)):
        assert asking("preview", f"{zone}-1", *both_or_none).code == 2
    assert asking("preview", f"{zone}-9", "--vm", guest).code == 1
