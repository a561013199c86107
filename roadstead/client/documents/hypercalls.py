"""What a guest asks its VMM, and hears."""

from collections.abc import Sequence
from typing import Literal, Required, TypedDict

from roadstead.client.documents.common import Mode, Register

Abi = Literal["kvm", "discover-implementation", "rfc-v2"]


class Hypercall(TypedDict):
    function_id: str
    name: str
    arguments: list[str]
    returns: list[str]


class Hypercalls(TypedDict):
    """Every call the guest makes to learn its list."""

    vm: str
    boot: int
    abi: Abi
    mode: Mode
    calls: list[Hypercall]


class HypercallReturns(TypedDict):
    returns: list[str]
    """x0 to x3; errors are negative numbers in two's complement."""


class HypercallInput(TypedDict, total=False):
    function_id: Required[Register]
    abi: Abi
    arguments: Sequence[Register]
    """x1 and up; registers left out are zero."""
