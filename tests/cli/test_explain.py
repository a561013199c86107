"""`roadstead vms explain` and `vms targets --host`: the question that people come with."""

import json

import pytest

from tests.cli.program import CommandLine

pytestmark = pytest.mark.usefixtures("fleet")

CANNOT_MOVE = """\
vm-1 cannot move to h7
vm-1  running on h1, discoverable, list LIST
h7    cordoned, kernel 6.17.3, VMM qemu 10.2

CPU registers
               NEAREST ON THE LIST   h7
✗              Arm Neoverse N1 r3p1  Arm Neoverse N1 r3p1
   MIDR_EL1    0x00000000413fd0c1    0x00000000413fd0c1
≠  REVIDR_EL1  0x0000000000000000    0x0000000000000001
   AIDR_EL1    0x0000000000000000    0x0000000000000000

2 reasons against it
✗ host_not_active
  the state of h7 is cordoned; only active hosts receive VMs
  → set its state to active, or choose another host
✗ implementation_not_listed  (waiting does not help)
  h7 is Arm Neoverse N1 r3p1 with REVIDR 0x1; the list has Arm Neoverse N1 r3p1 with REVIDR 0x0
  → boot the VM again to include it
"""

MAY_MOVE = """\
vm-1 may move to h3
vm-1  running on h1, discoverable, list LIST
h3    active, kernel 6.17.3, VMM qemu 10.2

CPU registers
               NEAREST ON THE LIST   h3
✓              Arm Neoverse V1 r1p1  Arm Neoverse V1 r1p1
   MIDR_EL1    0x00000000411fd401    0x00000000411fd401
   REVIDR_EL1  0x0000000000000000    0x0000000000000000
   AIDR_EL1    0x0000000000000000    0x0000000000000000

✓ nothing speaks against it
"""


def screen(lines: list[str]) -> str:
    """Without what differs from run to run: the fleet revision and the digest."""
    text = "".join(f"{line}\n" for line in lines)
    revision = text[text.index("  (fleet revision") : text.index("\n")]
    digest = text[text.index("list ") + 5 :].partition("\n")[0]
    return text.replace(revision, "", 1).replace(digest, "LIST", 1)


def test_why_it_cannot_go_there_on_one_screen(asking: CommandLine) -> None:
    done = asking("vms", "explain", "vm-1", "h7")
    assert screen(done.lines) == CANNOT_MOVE
    assert (done.code, done.err) == (1, "")


def test_the_host_may_stand_where_it_stands_with_targets(asking: CommandLine) -> None:
    as_option = asking("vms", "explain", "vm-1", "--host", "h7")
    assert as_option == asking("vms", "explain", "vm-1", "h7")
    assert asking("vms", "explain", "vm-1", "h7", "--host", "h7").code == 2


def test_where_it_may_go(asking: CommandLine) -> None:
    done = asking("vms", "explain", "vm-1", "h3")
    assert screen(done.lines) == MAY_MOVE
    assert (done.code, done.err) == (0, "")


def test_an_unknown_register_is_shown_as_unknown(asking: CommandLine) -> None:
    done = asking("vms", "explain", "vm-1", "h4")
    assert done.code == 1
    assert "?              –                    Arm Neoverse N1 r3p1" in done.lines
    assert "?  AIDR_EL1    –                    unknown" in done.lines
    assert "✗ identity_incomplete" in done.lines


def test_every_kind_of_cpu_of_a_host_is_compared(asking: CommandLine) -> None:
    done = asking("vms", "explain", "vm-1", "h8")
    assert [line[0] for line in done.lines if line[1:].strip().startswith("Arm Neoverse")] == ["✓", "✗"]
    assert "1 reason against it" in done.lines


def test_a_question_about_one_host_is_answered_in_one_line(asking: CommandLine) -> None:
    yes = asking("vms", "targets", "vm-1", "--host", "h3")
    assert (yes.code, yes.out.startswith("vm-1 may move to h3")) == (0, True)
    no = asking("vms", "targets", "vm-1", "--host", "h7")
    assert no.code == 1
    assert no.out.rstrip().endswith(": host_not_active, implementation_not_listed")


@pytest.mark.parametrize("command", ["explain", "targets"])
def test_programs_get_the_verdict_itself(asking: CommandLine, command: str) -> None:
    done = asking("vms", command, "vm-1", "--host", "h7", "--output", "json")
    verdict = json.loads(done.out)
    assert done.code == 1
    assert verdict["eligible"] is False
    assert [reason["code"] for reason in verdict["reasons"]] == ["host_not_active", "implementation_not_listed"]


def test_a_host_that_is_not_there_is_no_verdict(asking: CommandLine) -> None:
    done = asking("vms", "explain", "vm-1", "h99")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("roadstead: there is no host 'h99' [host_not_found]")


def test_a_screen_is_as_wide_as_the_terminal(asking: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    done = asking("vms", "explain", "vm-1", "h7")
    assert max(len(line) for line in done.lines) <= 70
    assert "≠  REVIDR_EL1  0x0000000000000000    0x0000000000000001" in done.lines


def test_a_pipe_gets_lines_that_are_not_broken(asking: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS")
    done = asking("vms", "explain", "vm-1", "h7")
    assert (
        "  h7 is Arm Neoverse N1 r3p1 with REVIDR 0x1; the list has Arm Neoverse N1 r3p1 with REVIDR 0x0" in done.lines
    )


@pytest.mark.parametrize("command", ["targets", "explain"])
def test_while_it_migrates_the_answer_is_not_now(asking: CommandLine, command: str) -> None:
    migration = json.loads(asking("vms", "migrate", "vm-1", "h3", "-o", "json").out)["id"]
    done = asking("vms", command, "vm-1", "--host", "h3")
    assert done.code == 1
    assert done.lines[0].startswith("vm-1 may move to h3")
    assert any(migration in line and line.startswith("not now: ") for line in done.lines)
    assert asking("migrations", "fail", migration).code == 0
    assert asking("vms", command, "vm-1", "--host", "h3").code == 0
