from dataclasses import replace
from datetime import UTC, datetime

import pytest

from roadstead.collector.report import CpuGroup, HostReport

GROUP = CpuGroup("0-63", "0x00000000413fd0c1", "0x00000000000000ff", None)
REPORT = HostReport(
    cpus=(GROUP,),
    writable_id_registers=True,
    discovery_hypercalls=None,
    kernel_release="6.17.3",
    vmm="qemu 10.2.0",
    observed_at=datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC),
)


def test_the_document_is_a_host_of_the_contract() -> None:
    assert REPORT.document() == {
        "cpus": [{"cpu_list": "0-63", "midr": "0x00000000413fd0c1", "revidr": "0x00000000000000ff"}],
        "capabilities": {"writable_id_registers": True, "discovery_hypercalls": None},
        "kernel_release": "6.17.3",
        "vmm": "qemu 10.2.0",
        "observed_at": "2026-11-22T10:00:00Z",
    }


def test_an_aidr_is_told_where_it_was_read() -> None:
    read = replace(GROUP, aidr="0x0000000000000000")
    assert read.document() == GROUP.document() | {"aidr": "0x0000000000000000"}
    assert replace(REPORT, cpus=(GROUP, read)).merge_patch()["cpus"] == [GROUP.document(), read.document()]


def test_unknown_software_is_left_out() -> None:
    document = replace(REPORT, kernel_release=None, vmm=None).document()
    assert document.keys() == {"cpus", "capabilities", "observed_at"}


@pytest.mark.parametrize("told", [True, False])
def test_a_patch_tells_of_the_hypercalls_what_the_operator_told(*, told: bool) -> None:
    patch = replace(REPORT, discovery_hypercalls=told).merge_patch()
    assert patch["capabilities"] == {"writable_id_registers": True, "discovery_hypercalls": told}


def test_a_patch_leaves_alone_what_nobody_looked_at() -> None:
    assert REPORT.merge_patch() == {**REPORT.document(), "capabilities": {"writable_id_registers": True}}


def test_a_patch_erases_what_kvm_no_longer_answers() -> None:
    patch = replace(REPORT, writable_id_registers=None).merge_patch()
    assert patch["capabilities"] == {"writable_id_registers": None}
