import io
import json
import sys
from pathlib import Path

import pytest

from tests.cli.program import CommandLine
from tests.failing_service import Scripted, failing_service, problem

pytestmark = pytest.mark.usefixtures("wide")


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


@pytest.mark.parametrize("form", ["table", "json"])
def test_warnings_stand_beside_the_answer(asking: CommandLine, tmp_path: Path, zone: str, form: str) -> None:
    path = tmp_path / "vms.yaml"
    guest = 'guest: {discovers_implementations: true, kernel_release: "5.10"}'
    path.write_text(f"[{{name: {zone}-1, {guest}, placement: {{accept_hazards: [ODD]}}}}, {{name: {zone}-2, {guest}}}]")
    done = asking("vms", "apply", path, "-o", form)
    assert done.code == 0
    first, second, third = done.err.splitlines()
    assert first.startswith(f"warning: {zone}-1: Linux 5.10 ")
    assert first.endswith(" [kernel_cannot_discover]")
    assert second.startswith(f"warning: {zone}-1: accept_hazards names ODD, ")
    assert third.startswith(f"warning: {zone}-2: Linux 5.10 ")
    assert "warning:" not in done.out
    assert len(asking("vms", "show", f"{zone}-1", "-o", form).err.splitlines()) == 2


@pytest.mark.parametrize(
    "command",
    ["vms boot vm-1 h1", "vms stop vm-1", "migrations complete m", "hosts state h1 active"],
)
def test_every_answer_that_has_warnings_is_told_with_them(roadstead: CommandLine, command: str) -> None:
    warned = {"vm": "vm-1", "target": "h1", "warnings": [{"code": "odd", "detail": "look at it"}]}
    with failing_service() as service:
        service.will(Scripted(200, warned))
        done = roadstead(*command.split(), "-o", "json", "--server", service.url)
    assert (done.code, done.err) == (0, "warning: vm-1: look at it [odd]\n")


@pytest.mark.parametrize("form", ["table", "json", "yaml", "name"])
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["vms", "list", "--host", "nope"], "host_not_found"),
        (["vms", "export", "--host", "nope"], "host_not_found"),
        (["migrations", "list", "--vm", "nope"], "vm_not_found"),
    ],
)
def test_a_list_of_what_is_not_there_says_so(asking: CommandLine, command: list[str], code: str, form: str) -> None:
    done = asking(*command, "-o", form)
    assert (done.code, done.out) == (1, "")
    assert code in done.err


def test_a_list_of_what_is_there_may_be_empty(asking: CommandLine, guest: str, zone: str) -> None:
    assert asking("vms", "list", "--host", f"{zone}-1", "-o", "json").out == "[]\n"
    assert asking("migrations", "list", "--vm", guest, "-o", "json").out == "[]\n"


def test_vms_by_their_exposure(asking: CommandLine, guest: str, zone: str) -> None:
    asking("vms", "adopt", guest, f"{zone}-1", "--implementation", "0x481fd010,0x0,0x551")
    exposed, others = (
        [row.split()[0] for row in asking("vms", "list", option, "--limit", 0).lines[1:]]
        for option in ("--exposed", "--not-exposed")
    )
    assert (guest in exposed, guest in others) == (True, False)
    assert f"{zone}-old" in others
