"""CPUs that show no registers: each cause by its name, and never advice that cannot be followed."""

import re
from pathlib import Path

import pytest

from roadstead.collector.cpus import read_cpus
from roadstead.collector.failures import HostUnreadable
from tests.collector.host_tree import CPUS, GRAVITON2, GRAVITON4, register_file, write, write_host

ONLINE_IT = "echo 1 >"


def not_enabled(root: Path, present: str = "0-5") -> Path:
    """CPUs 0 to 3 are enabled, and sysfs has directories of these alone."""
    write_host(root, dict.fromkeys(range(4), GRAVITON4))
    write(root / CPUS / "present", present)
    write(root / CPUS / "enabled", "0-3")
    return root


def failure(root: Path) -> str:
    with pytest.raises(HostUnreadable) as raised:
        read_cpus(root)
    return str(raised.value)


@pytest.mark.parametrize(("present", "silent"), [("0-63", "4-63"), ("0-5", "4-5")])
def test_cpus_that_are_not_enabled_cannot_be_brought_online(tmp_path: Path, present: str, silent: str) -> None:
    told = failure(not_enabled(tmp_path, present))
    assert told.startswith(f"no registers of CPU {silent}: they are not in /sys/devices/system/cpu/enabled")
    assert f"--without-cpus {silent}" in told
    assert f"--same-as 0:{silent}" in told
    assert ONLINE_IT not in told
    assert "offline" not in told


def test_an_offline_cpu_can_be_brought_online(tmp_path: Path) -> None:
    write_host(tmp_path, {0: GRAVITON2, 1: None})
    write(tmp_path / CPUS / "enabled", "0-1")
    write(tmp_path / CPUS / "online", "0")
    assert re.match(f"no registers of CPU 1: an offline CPU .*{ONLINE_IT}", failure(tmp_path))


def test_a_cpu_without_a_directory_is_not_called_offline(tmp_path: Path) -> None:
    write(write_host(tmp_path, {0: GRAVITON2}) / CPUS / "present", "0-1")
    told = failure(tmp_path)
    assert told.startswith("no registers of CPU 1: /sys/devices/system/cpu has no directory of theirs")
    assert ONLINE_IT not in told


def test_a_cpu_that_is_online_is_not_advised_to_be(tmp_path: Path) -> None:
    write_host(tmp_path, {0: GRAVITON2, 1: GRAVITON2})
    write(tmp_path / CPUS / "online", "0-1")
    register_file(tmp_path, 1, "revidr").unlink()
    told = failure(tmp_path)
    assert told.startswith("no registers of CPU 1: they are online")
    assert ONLINE_IT not in told


def test_each_cause_has_its_own_cpus(tmp_path: Path) -> None:
    write_host(tmp_path, {0: GRAVITON2, 1: None, 2: GRAVITON2})
    write(tmp_path / CPUS / "present", "0-4")
    write(tmp_path / CPUS / "enabled", "0-2")
    told = failure(tmp_path)
    assert "no registers of CPU 1: an offline CPU" in told
    assert "no registers of CPU 3-4: they are not in" in told
    assert "--without-cpus 1,3-4" in told


def test_cpus_on_which_nothing_can_run_yet_are_left_out_with_a_remark(tmp_path: Path) -> None:
    write(not_enabled(tmp_path) / CPUS / "online", "0-3")
    groups, remarks = read_cpus(tmp_path)
    assert [group.cpu_list for group in groups] == ["0-3"]
    assert remarks == ("CPU 4-5 left out: neither online nor enabled by the firmware",)


def test_a_cpu_that_runs_without_being_enabled_is_not_left_out(tmp_path: Path) -> None:
    write(not_enabled(tmp_path) / CPUS / "online", "0-4")
    assert failure(tmp_path).startswith("no registers of CPU 4: they are not in")


@pytest.mark.parametrize("name", ["enabled", "online"])
def test_a_malformed_list_is_refused(tmp_path: Path, name: str) -> None:
    write(not_enabled(tmp_path) / CPUS / name, "many")
    assert f"{name} is no CPU list" in failure(tmp_path)
