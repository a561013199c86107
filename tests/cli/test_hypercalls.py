import json

import pytest

from tests.cli.program import CommandLine

pytestmark = pytest.mark.usefixtures("wide")


def test_what_a_guest_asks_and_hears(asking: CommandLine, guest: str, zone: str) -> None:
    asking("vms", "boot", guest, f"{zone}-1")
    told = json.loads(asking("vms", "hypercalls", guest, "-o", "json").out)
    assert (told["vm"], told["boot"], told["abi"]) == (guest, 1, "kvm")
    shown = asking("vms", "hypercalls", guest).out
    for call in told["calls"]:
        assert call["name"] in shown
        assert all(register in shown for register in call["returns"])
        answered = asking("vms", "answer-hypercall", guest, call["function_id"], *call["arguments"])
        assert answered.lines == [f"x{number}  {value}" for number, value in enumerate(call["returns"])]


def test_another_abi_may_be_asked_for(asking: CommandLine, guest: str, zone: str) -> None:
    asking("vms", "boot", guest, f"{zone}-1")
    told = json.loads(asking("vms", "hypercalls", guest, "--abi", "rfc-v2", "-o", "json").out)
    assert told["abi"] == "rfc-v2"
    assert asking("vms", "hypercalls", guest, "--abi", "later").code == 2


def test_a_vm_that_does_not_run_asks_nothing(asking: CommandLine, guest: str) -> None:
    assert asking("vms", "hypercalls", guest).code == 1
