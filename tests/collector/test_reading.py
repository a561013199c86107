"""The tree of a host, as CPU groups. Values are those of real machines, see host_tree."""

import errno
import os
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadstead.collector.cpulist import parse_cpu_list
from roadstead.collector.cpus import read_cpus
from roadstead.collector.failures import HostUnreadable
from roadstead.collector.reading import installed_qemu, read_host_name, read_kernel_release
from roadstead.collector.report import CpuGroup
from tests.collector.host_tree import (
    CPUS,
    GRAVITON2,
    GRAVITON3,
    GRAVITON4,
    KUNPENG_920,
    KUNPENG_920_NEXT,
    PHONE,
    Shown,
    register_file,
    write,
    write_host,
)


@pytest.mark.parametrize(
    ("shown", "group"),
    [
        (GRAVITON2, CpuGroup("0-63", "0x00000000413fd0c1", "0x00000000000000ff", "0x0000000000000000")),
        (GRAVITON3, CpuGroup("0-63", "0x00000000411fd401", "0x0000000000000001", "0x0000000000000000")),
        (GRAVITON4, CpuGroup("0-63", "0x00000000410fd4f1", "0x0000000000000017", "0x0000000000000000")),
        (KUNPENG_920, CpuGroup("0-63", "0x00000000481fd010", "0x0000000000000000", "0x0000000000000551")),
    ],
)
def test_a_server_of_one_kind_is_one_group(tmp_path: Path, shown: Shown, group: CpuGroup) -> None:
    assert read_cpus(write_host(tmp_path, dict.fromkeys(range(64), shown))).groups == (group,)


def test_the_phone_has_four_groups_and_no_aidr(tmp_path: Path) -> None:
    assert read_cpus(write_host(tmp_path, PHONE)).groups == (
        CpuGroup("0-2", "0x00000000411fd461", "0x0000000001800000", None),
        CpuGroup("3-4", "0x00000000411fd4d0", "0x0000000000000002", None),
        CpuGroup("5-6", "0x00000000412fd470", "0x000000000000001f", None),
        CpuGroup("7", "0x00000000411fd4e0", "0x0000000000000000", None),
    )


def test_groups_come_in_the_order_of_their_lowest_cpu(tmp_path: Path) -> None:
    cpus = {0: KUNPENG_920_NEXT, 1: KUNPENG_920, 2: KUNPENG_920_NEXT, 3: KUNPENG_920, 10: KUNPENG_920_NEXT}
    groups = read_cpus(write_host(tmp_path, cpus)).groups
    assert [group.cpu_list for group in groups] == ["0,2,10", "1,3"]


def test_holes_in_the_cpu_numbers_are_no_missing_cpus(tmp_path: Path) -> None:
    cpus = dict.fromkeys([0, 1, 4, 5, 6, 128], GRAVITON2)
    assert [group.cpu_list for group in read_cpus(write_host(tmp_path, cpus)).groups] == ["0-1,4-6,128"]


@pytest.mark.parametrize("register", ["midr", "revidr", "aidr"])
def test_all_64_bits_of_every_register_tell_cpus_apart(tmp_path: Path, register: str) -> None:
    other = GRAVITON2._replace(**{register: 1 << 63 | 0x413FD0C1})
    groups = read_cpus(write_host(tmp_path, {0: GRAVITON2, 1: other})).groups
    assert [group.cpu_list for group in groups] == ["0", "1"]
    assert getattr(groups[1], register) == "0x80000000413fd0c1"


def test_an_aidr_of_zero_is_known_and_another_than_none(tmp_path: Path) -> None:
    groups = read_cpus(write_host(tmp_path, {0: GRAVITON2, 1: GRAVITON2._replace(aidr=None)})).groups
    assert [group.aidr for group in groups] == ["0x0000000000000000", None]


MIDRS = st.integers(0, 2**64 - 2).map(lambda bits: bits | 0xF0000).filter(lambda midr: midr != 2**32 - 1)
SHOWN = st.builds(Shown, MIDRS, st.just(0), st.none() | st.integers(0, 2))


@settings(max_examples=25)
@given(st.dictionaries(st.integers(0, 300), st.sampled_from(list(PHONE.values())) | SHOWN, min_size=1, max_size=12))
def test_every_cpu_is_in_one_group_and_that_has_its_registers(cpus: dict[int, Shown]) -> None:
    with TemporaryDirectory() as root:
        groups = read_cpus(write_host(Path(root), cpus)).groups
    told = [(cpu, group) for group in groups for cpu in parse_cpu_list(group.cpu_list)]
    assert Counter(cpu for cpu, _ in told) == Counter(list(cpus))
    assert len(groups) == len(set(cpus.values()))
    for cpu, group in told:
        aidr = None if group.aidr is None else int(group.aidr, 16)
        assert Shown(int(group.midr, 16), int(group.revidr, 16), aidr) == cpus[cpu]


# ------------------------------------------------------------------------------------ incomplete hosts


def test_offline_cpus_are_named_and_never_assumed(tmp_path: Path) -> None:
    cpus = {**dict.fromkeys(range(8), GRAVITON2), 3: None, 5: None, 6: None}
    with pytest.raises(HostUnreadable, match=r"CPU 3,5-6: an offline CPU .* Bring each online"):
        read_cpus(write_host(tmp_path, cpus))


def test_a_cpu_that_lacks_only_revidr_is_incomplete_too(tmp_path: Path) -> None:
    write_host(tmp_path, {0: GRAVITON2, 1: GRAVITON2})
    register_file(tmp_path, 1, "revidr").unlink()
    with pytest.raises(HostUnreadable, match="no registers of CPU 1:"):
        read_cpus(tmp_path)


def test_a_machine_without_such_registers_is_told_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(HostUnreadable, match=r"no CPU here .* arm64 Linux 4\.8"):
        read_cpus(write_host(tmp_path, {0: None, 1: None}))


def test_a_tree_without_cpus_is_no_host(tmp_path: Path) -> None:
    with pytest.raises(HostUnreadable, match="present does not exist"):
        read_cpus(tmp_path)


# ------------------------------------------------------------------------------------ malformed content

MALFORMED = {
    "empty": b"",
    "newline alone": b"\n",
    "truncated": b"0x00000000413f",
    "too long": b"0x00000000413fd0c10\n",
    "no prefix": b"00000000413fd0c1\n",
    "upper case": b"0x00000000413FD0C1\n",
    "decimal": b"1094701249\n",
    "two lines": b"0x00000000413fd0c1\n0x00000000413fd0c1\n",
    "blank after": b"0x00000000413fd0c1 \n",
    "not text": b"\xff\x00\xfe\n",
}


@pytest.mark.parametrize("register", ["midr", "revidr", "aidr"])
@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_registers_are_refused_by_file(tmp_path: Path, register: str, content: bytes) -> None:
    write_host(tmp_path, {0: GRAVITON2, 1: GRAVITON2})
    register_file(tmp_path, 1, register).write_bytes(content)
    with pytest.raises(HostUnreadable, match=rf"cpu1/regs/identification/{register}_el1 holds '.*a register is 0x"):
        read_cpus(tmp_path)


@pytest.mark.parametrize("midr", [0x4108D821, 0xC1D03F41, 0, 2**32 - 1, 2**64 - 1])
def test_a_midr_that_no_cpu_has_is_no_copy_of_a_host(tmp_path: Path, midr: int) -> None:
    with pytest.raises(HostUnreadable, match=rf"cpu1/regs/identification/midr_el1 holds {midr:#018x}, which no arm64"):
        read_cpus(write_host(tmp_path, {0: GRAVITON2, 1: GRAVITON2._replace(midr=midr)}))


@pytest.mark.parametrize("present", ["", "0-", "many", "1-0"])
def test_a_malformed_list_of_present_cpus_is_refused(tmp_path: Path, present: str) -> None:
    write(write_host(tmp_path, {0: GRAVITON2}) / CPUS / "present", present)
    with pytest.raises(HostUnreadable, match="present is no CPU list"):
        read_cpus(tmp_path)


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    path = register_file(write_host(tmp_path, {0: GRAVITON2}), 0, "aidr")
    path.unlink()
    path.mkdir()
    with pytest.raises(HostUnreadable, match=f"aidr_el1 cannot be read: {os.strerror(errno.EISDIR)}"):
        read_cpus(tmp_path)


# ------------------------------------------------------------------------------------ what else a host tells


def test_kernel_release_and_host_name(tmp_path: Path) -> None:
    write_host(tmp_path, {0: GRAVITON2})
    assert read_kernel_release(tmp_path) == "6.17.3-arm64"
    assert read_host_name(tmp_path) == "node-7.fra1.example.net"


def test_a_tree_of_sysfs_alone_tells_neither(tmp_path: Path) -> None:
    assert read_kernel_release(tmp_path) is None
    assert read_host_name(tmp_path) is None


@pytest.mark.parametrize("name", ["localhost", "localhost.localdomain", ""])
def test_a_name_that_every_host_may_have_is_none(tmp_path: Path, name: str) -> None:
    write(tmp_path / "proc/sys/kernel/hostname", name)
    assert read_host_name(tmp_path) is None


QEMU_SAYS = "QEMU emulator version 10.2.0 (Debian 1:10.2.0+ds-1)\nCopyright (c) 2003-2025 Fabrice Bellard"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (f"echo '{QEMU_SAYS}'", "qemu 10.2.0"),
        ("echo 'another program 1.0'", None),
        ("exit 127", None),
    ],
)
def test_the_installed_qemu_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, told: str | None
) -> None:
    program = tmp_path / "qemu-system-aarch64"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert installed_qemu() == told


def test_a_qemu_that_cannot_be_run_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "qemu-system-aarch64"
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert installed_qemu(tmp_path) is None


def test_the_qemu_of_rhel_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "libexec/qemu-kvm"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'QEMU emulator version 9.1.0 (qemu-kvm-9.1.0-15.el10)'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert installed_qemu(program.parent) == "qemu 9.1.0"
    monkeypatch.setenv("PATH", str(program.parent))
    assert installed_qemu(tmp_path / "nowhere") == "qemu 9.1.0"


def test_without_qemu_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert installed_qemu(tmp_path) is None
