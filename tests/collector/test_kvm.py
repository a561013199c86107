import os
from pathlib import Path

import pytest

from roadstead.collector.kvm import has_writable_id_registers

KVM = Path("/dev/kvm")


def test_an_absent_device_is_unknown_not_no(tmp_path: Path) -> None:
    assert has_writable_id_registers(tmp_path / "kvm") is None


def test_a_device_that_may_not_be_opened_is_unknown(tmp_path: Path) -> None:
    assert has_writable_id_registers(tmp_path) is None


def test_a_file_that_knows_no_such_ioctl_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "kvm").touch()
    assert has_writable_id_registers(tmp_path / "kvm") is None


@pytest.mark.skipif(not os.access(KVM, os.R_OK), reason="this machine has no KVM to ask")
def test_a_real_kvm_says_yes_or_no() -> None:
    assert has_writable_id_registers(KVM) in {True, False}
