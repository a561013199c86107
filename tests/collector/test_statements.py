"""What an operator states of a host: taken where the host shows nothing, told as stated, and checked where it shows."""

import json
from pathlib import Path

import pytest

from roadstead.collector.command import main
from roadstead.collector.cpus import read_cpus
from roadstead.collector.failures import HostUnreadable, Misconfigured
from roadstead.collector.statements import Likeness, Statements
from tests.collector.host_tree import CPUS, GRAVITON2, GRAVITON4, PHONE, Shown, write, write_host

OLD_KERNEL = GRAVITON2._replace(aidr=None)
AIDR = "0x000000006afd5797"


@pytest.fixture
def metal(tmp_path: Path) -> Path:
    """64 CPUs, of which the firmware enables four and sysfs shows no others."""
    root = tmp_path / "metal"
    write_host(root, dict.fromkeys(range(4), GRAVITON4))
    write(root / CPUS / "present", "0-63")
    write(root / CPUS / "enabled", "0-3")
    return root


def printed(capsys: pytest.CaptureFixture[str], root: Path, *arguments: str) -> tuple[dict[str, object], str]:
    assert main(["--root", str(root), "--print", *arguments]) == 0
    out, err = capsys.readouterr()
    return json.loads(out), err


def test_cpus_that_are_like_another_have_its_registers(metal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, told = printed(capsys, metal, "--same-as", "0:4-63")
    registers = {"midr": "0x00000000410fd4f1", "revidr": "0x0000000000000017", "aidr": "0x0000000000000000"}
    assert report["cpus"] == [{"cpu_list": "0-63", **registers}]
    assert report["remarks"] == "CPU 4-63 like CPU 0 as stated"
    assert "note: CPU 4-63 like CPU 0 as stated" in told


def test_cpus_can_be_like_several(tmp_path: Path) -> None:
    write_host(tmp_path, {0: GRAVITON2, 1: None, 2: GRAVITON4, 3: None})
    groups, _ = read_cpus(tmp_path, Statements(same_as=(Likeness(0, (1,)), Likeness(2, (3,)))))
    assert [group.cpu_list for group in groups] == ["0-1", "2-3"]


def test_cpus_that_are_left_out_are_told(metal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, told = printed(capsys, metal, "--without-cpus", "4-63")
    assert [group["cpu_list"] for group in report["cpus"]] == ["0-3"]  # type: ignore[attr-defined]
    assert report["remarks"] == "CPU 4-63 left out as stated"
    assert "note: CPU 4-63 left out as stated" in told


def test_leaving_some_out_does_not_excuse_the_others(metal: Path) -> None:
    with pytest.raises(HostUnreadable, match="no registers of CPU 6-63: "):
        read_cpus(metal, Statements(without=(4, 5)))


def test_an_aidr_is_stated_where_the_kernel_shows_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, told = printed(capsys, write_host(tmp_path, dict.fromkeys(range(4), OLD_KERNEL)), "--aidr", "0x6AFD5797")
    assert [group["aidr"] for group in report["cpus"]] == [AIDR]  # type: ignore[attr-defined]
    assert report["remarks"] == f"AIDR_EL1 {AIDR} of CPU 0-3 as stated"
    assert "was not read" not in told


def test_an_aidr_that_is_shown_wins(tmp_path: Path) -> None:
    groups, remarks = read_cpus(write_host(tmp_path, dict.fromkeys(range(4), GRAVITON2)), Statements(aidr=AIDR))
    assert [group.aidr for group in groups] == ["0x0000000000000000"]
    assert remarks == (f"AIDR_EL1 of CPU 0-3 as shown, which is not the {AIDR} stated",)


def test_a_host_that_shows_what_was_stated_leaves_nothing_to_remark(host: Path) -> None:
    stated = Statements(same_as=(Likeness(0, (1, 2, 3)),), aidr="0x0000000000000000")
    assert read_cpus(host, stated) == read_cpus(host)
    assert read_cpus(host).remarks == ()


@pytest.mark.parametrize(
    ("cpus", "because"),
    [
        ({0: GRAVITON2, 1: GRAVITON4, 2: None}, "CPU 1 shows other registers than CPU 0"),
        ({0: None, 1: GRAVITON4, 2: None}, "CPU 0 itself is left out or shows no registers"),
    ],
)
def test_a_likeness_that_the_host_belies_is_not_used(tmp_path: Path, cpus: dict[int, Shown], because: str) -> None:
    with pytest.raises(HostUnreadable, match=f"--same-as 0:1-2 does not hold: {because}"):
        read_cpus(write_host(tmp_path, cpus), Statements(same_as=(Likeness(0, (1, 2)),)))


@pytest.mark.parametrize(
    ("statements", "sentence"),
    [
        (Statements(without=(2, 8)), "this host has no CPU 8; its CPUs are 0-7"),
        (Statements(same_as=(Likeness(9, (10,)),)), "this host has no CPU 9-10; its CPUs are 0-7"),
        (Statements(without=tuple(range(8))), "--without-cpus leaves no CPU to report"),
    ],
)
def test_statements_that_do_not_fit_the_host(tmp_path: Path, statements: Statements, sentence: str) -> None:
    with pytest.raises(Misconfigured, match=sentence):
        read_cpus(write_host(tmp_path, PHONE), statements)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--without-cpus", "5-4"], "'5-4' is neither a CPU number nor a range"),
        (["--same-as", "4-63"], "'4-63' is not CPU:LIST, such as 0:4-63"),
        (["--same-as", "0:"], "'' is neither a CPU number nor a range"),
        (["--aidr", "551"], "'551' is no register: 0x and 1 to 16 hexadecimal digits"),
    ],
)
def test_statements_that_say_nothing(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err
