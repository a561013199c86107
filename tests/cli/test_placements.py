from pathlib import Path

import pytest

from tests.cli.conftest import DEFINITIONS
from tests.cli.program import CommandLine

pytestmark = pytest.mark.usefixtures("wide")


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
