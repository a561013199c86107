"""Calls about what a guest asks its VMM, and what the VMM must answer."""

from collections.abc import Sequence

from roadstead.client.calls import Call, address, get, question
from roadstead.client.documents import Abi, HypercallInput, HypercallReturns, Hypercalls, Register


def find(vm: str, abi: Abi | None = None) -> Call[Hypercalls]:
    """Every call the guest makes to learn the list in force, with its answer."""
    return get(address("vms", vm, "hypercalls"), {"abi": abi})


def answer(
    vm: str, function_id: Register, arguments: Sequence[Register] = (), abi: Abi = "kvm"
) -> Call[HypercallReturns]:
    """What one call of the guest is answered with; `arguments` are x1 and up. Changes nothing."""
    asked: HypercallInput = {"abi": abi, "function_id": function_id, "arguments": list(arguments)}
    return question(address("vms", vm, "hypercalls"), asked)
