"""The hypercalls by which a guest asks for its implementation list, in the three ABIs that were ever proposed.

Each function of an ABI is a row of a table: its id, its name, the calls a guest makes, and what they return in x0-x3 as
unsigned 64-bit values. Errors are negative SMCCC codes in two's complement. Nothing here has state.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain.cpu.implementation import Implementation
from app.domain.errors import NotRepresentable
from app.domain.planning.implementation_list import ABI_VERSION, ImplementationList
from app.domain.planning.plan import Mode, Plan

Registers = tuple[int, int, int, int]
"""x0 to x3 of an answer."""
Arguments = tuple[int, int, int]
"""x1 to x3 of a call; registers that the caller does not set are zero."""
FunctionId = int | str
"""A number as in x0 of the call; a name for the function that was never given one."""


class Abi(StrEnum):
    KVM = "kvm"
    """Merged in Linux 6.15: Documentation/virt/kvm/arm/hypercalls.rst."""
    DISCOVER_IMPLEMENTATION = "discover-implementation"
    """The proposal of a single call that came first; it never got a function number."""
    RFC_V2 = "rfc-v2"
    """Second version of the RFC series, with packed 32-bit registers."""


def _error(code: int) -> Registers:
    return (code % 2**64, 0, 0, 0)


NOT_SUPPORTED: Final = _error(-1)
INVALID_PARAMETER: Final = _error(-3)

_VERSION: Final = ABI_VERSION[0] << 16 | ABI_VERSION[1]


@dataclass(frozen=True, slots=True)
class Function:
    """One row of an ABI's table."""

    id: FunctionId
    name: str
    answer: Callable[[ImplementationList, Arguments], Registers]
    calls: Callable[[ImplementationList], Iterator[Arguments]]
    """The arguments of every call that a guest makes to learn this list."""


@dataclass(frozen=True, slots=True)
class Hypercall:
    """One call a guest can make, with its registers."""

    function: Function
    arguments: Arguments
    returns: Registers


def answer_call(plan: Plan, abi: Abi, function_id: FunctionId, arguments: Arguments) -> Registers:
    """What a VMM answers to one call. In homogeneous mode the hypercalls are hidden: every call is unknown (rule 6).

    Raises NotRepresentable where the ABI has no way to say this list.
    """
    function = next((row for row in _TABLES[abi] if row.id == function_id), None)
    if function is None or plan.mode is Mode.HOMOGENEOUS:
        return NOT_SUPPORTED
    return function.answer(plan.list, arguments)


def all_calls(plan: Plan, abi: Abi) -> tuple[Hypercall, ...]:
    """Every call a guest makes under this ABI, in the order in which it makes them."""
    return tuple(
        Hypercall(function, arguments, answer_call(plan, abi, function.id, arguments))
        for function in _TABLES[abi]
        for arguments in function.calls(plan.list)
    )


def function_named(name: str) -> FunctionId | None:
    """The id of a function that is called by its name, in any ABI; None where no ABI knows the name."""
    return next((row.id for table in _TABLES.values() for row in table if row.name == name), None)


def _once(_: ImplementationList) -> Iterator[Arguments]:
    yield (0, 0, 0)


def _each_index(implementations: ImplementationList) -> Iterator[Arguments]:
    return ((index, 0, 0) for index in range(len(implementations)))


# Linux 6.15 (drivers/firmware/smccc/kvm_guest.c asks; Documentation/virt/kvm/arm/hypercalls.rst defines).


def _discover_version(implementations: ImplementationList, _: Arguments) -> Registers:
    return (0, _VERSION, len(implementations), 0)


def _discover_cpus(implementations: ImplementationList, arguments: Arguments) -> Registers:
    # The text reserves x2 and x3 as zero and is silent on other values: they are refused like a wrong index.
    index, *reserved = arguments
    if any(reserved) or index >= len(implementations):
        return INVALID_PARAMETER
    return (0, *implementations.entries[index])


# The single-call proposal: x0 is the highest valid index, so that the guest learns the count from any answer.


def _discover_implementation(implementations: ImplementationList, arguments: Arguments) -> Registers:
    index = arguments[0]
    if index >= len(implementations):
        return NOT_SUPPORTED
    entry = implementations.entries[index]
    return (len(implementations) - 1, entry.midr, entry.revidr, 0)


# RFC v2: up to 64 entries, four to a call, each MIDR in bits 31:0 and REVIDR in bits 63:32 of one register; zero ends.

_RFC_MAX_ENTRIES: Final = 64
_RFC_ENTRIES_PER_CALL: Final = 4


def _rfc_packed(entry: Implementation) -> int:
    packed = entry.revidr << 32 | entry.midr
    if max(entry.midr, entry.revidr) >= 2**32 or packed == 0:
        message = f"MIDR {entry.midr:#x} with REVIDR {entry.revidr:#x} does not fit into one register of 32 bits each"
        raise NotRepresentable(message)
    return packed


def _rfc_list(implementations: ImplementationList) -> tuple[int, ...]:
    if len(implementations) > _RFC_MAX_ENTRIES:
        message = (
            f"the RFC v2 hypercalls tell at most {_RFC_MAX_ENTRIES} implementations; here are {len(implementations)}"
        )
        raise NotRepresentable(message)
    return tuple(_rfc_packed(entry) for entry in implementations)


def _rfc_number(implementations: ImplementationList, _: Arguments) -> Registers:
    return (_VERSION << 32 | len(_rfc_list(implementations)), 0, 0, 0)


def _rfc_cpus(implementations: ImplementationList, arguments: Arguments) -> Registers:
    # The RFC keeps a cursor in the VMM; here the caller holds it, as the index of the first entry.
    first = arguments[0]
    packed = (*_rfc_list(implementations)[first : first + _RFC_ENTRIES_PER_CALL], 0, 0, 0, 0)
    return packed[0], packed[1], packed[2], packed[3]


def _rfc_pages(implementations: ImplementationList) -> Iterator[Arguments]:
    # One call more than the entries need where they fill the last call: the guest reads until it meets a zero.
    return ((first, 0, 0) for first in range(0, len(implementations) + 1, _RFC_ENTRIES_PER_CALL))


_TABLES: Final[Mapping[Abi, tuple[Function, ...]]] = {
    Abi.KVM: (
        Function(0xC600_0040, "DISCOVER_IMPL_VER", _discover_version, _once),
        Function(0xC600_0041, "DISCOVER_IMPL_CPUS", _discover_cpus, _each_index),
    ),
    Abi.DISCOVER_IMPLEMENTATION: (
        Function("DISCOVER_IMPLEMENTATION", "DISCOVER_IMPLEMENTATION", _discover_implementation, _each_index),
    ),
    Abi.RFC_V2: (
        Function(0xC600_007D, "MIGRN_TARGET_NUM", _rfc_number, _once),
        Function(0xC600_007E, "MIGRN_TARGET_CPUS", _rfc_cpus, _rfc_pages),
    ),
}
