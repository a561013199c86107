import json
from pathlib import Path

import pytest

from tests.cli.program import CommandLine

pytestmark = pytest.mark.usefixtures("fleet")


def test_what_would_weaken_a_guest_is_left_out_of_its_list_and_told(asking: CommandLine) -> None:
    lines = asking("vms", "implementation-list", "vm-1").lines
    assert "Left out, because they would weaken the guest" in lines
    assert "AmpereOne r0p0  0x00000000c00fac30  1      ARM64_HAS_BBML3" in lines
    explained = asking("vms", "explain", "vm-1", "h5")
    assert "✗ would_weaken_guest  (waiting does not help)" in explained.lines


def test_effects_of_a_vm_and_of_its_list(asking: CommandLine) -> None:
    digest = json.loads(asking("vms", "show", "vm-1", "-o", "json").out)["implementation_list"]
    of_vm, of_list = asking("effects", "vm-1", "--kernel", "7.0"), asking("effects", digest, "--kernel", "7.0")
    for done in (of_vm, of_list):
        assert done.code == 0
        assert f"list    {digest}" in done.lines
        assert "guest   Linux 7.0" in done.lines
        assert "✓ the list does not weaken the guest" in done.lines
        assert any(line.startswith("ARM64_WORKAROUND_1418040 ") for line in done.lines)
    assert any(line.endswith("only other hosts") for line in of_vm.lines)
    assert asking("effects", "vm-1", "--kernel", "new").code == 1


@pytest.mark.parametrize(
    ("release", "shown"), [("6.18.15-arm64", "Linux 6.18.15"), ("our own", "Linux 7.3"), (None, "Linux 7.3")]
)
def test_effects_on_the_kernel_that_the_vm_is_defined_with(
    asking: CommandLine, tmp_path: Path, release: str | None, shown: str
) -> None:
    guest = {"discovers_implementations": True, "kernel_release": release}
    path = tmp_path / "vm.json"
    path.write_text(json.dumps({"name": "vm-1", "placement": {}, "guest": guest}))
    assert asking("vms", "apply", path).code == 0
    assert f"guest   {shown}" in asking("effects", "vm-1").lines
