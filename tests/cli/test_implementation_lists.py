import json

import pytest

from tests.cli.program import CommandLine

pytestmark = pytest.mark.usefixtures("wide")


def test_a_list_by_its_digest_is_that_of_the_vm(asking: CommandLine, guest: str, zone: str) -> None:
    sealed = json.loads(asking("vms", "boot", guest, f"{zone}-1", "-o", "json").out)
    shown = asking("implementation-lists", "show", sealed["digest"])
    assert (shown.code, shown.lines[0]) == (0, f"digest         {sealed['digest']}")
    of_vm = asking("vms", "implementation-list", guest).lines
    entries = of_vm.index("The list; the vCPUs present the first")
    assert shown.lines[-3:] == of_vm[entries + 1 : entries + 4]
    qemu = asking("implementation-lists", "show", sealed["digest"], "--qemu")
    assert qemu.out == asking("vms", "implementation-list", guest, "--qemu").out
    assert asking("implementation-lists", "show", f"sha256:{'0' * 64}").code == 1
