"""The guest's half of the three ABIs: what its kernel does to learn the list, calling as it would.

A call takes the number of the function and x1 to x3, and gives x0 to x3 as unsigned 64-bit values.
"""

from collections.abc import Callable
from typing import NamedTuple

from app.domain.guest.hypercalls import Arguments, FunctionId, Registers

Call = Callable[[FunctionId, Arguments], Registers]


class Told(NamedTuple):
    """What the ABI can say of an implementation; None where it has no room for the register."""

    midr: int
    revidr: int
    aidr: int | None


def _signed(x: int) -> int:
    return x - 2**64 if x >> 63 else x


def ask_kvm(call: Call) -> list[Told] | None:
    """drivers/firmware/smccc/kvm_guest.c of Linux 6.15: all or nothing; None where the guest keeps to its own MIDR."""
    x0, version, count, _ = call(0xC600_0040, (0, 0, 0))
    if _signed(x0) != 0 or version % 2**32 >> 16 != 1 or count == 0:
        return None
    told = []
    for index in range(count):
        x0, *registers = call(0xC600_0041, (index, 0, 0))
        if _signed(x0) != 0:
            return None
        told.append(Told(*registers))
    return told


def ask_discover_implementation(call: Call) -> list[Told] | None:
    """Index 0 is asked first; its x0 says how far to go on."""
    told: list[Told] = []
    while True:
        last, midr, revidr, _ = call("DISCOVER_IMPLEMENTATION", (len(told), 0, 0))
        if _signed(last) < 0:
            return None
        told.append(Told(midr, revidr, None))
        if len(told) > last:
            return told


def ask_rfc_v2(call: Call) -> list[Told] | None:
    """The count and the version at once, then four to a call until a zero."""
    number = call(0xC600_007D, (0, 0, 0))[0]
    if _signed(number) < 0 or number >> 32 != 0x10000:
        return None
    told: list[Told] = []
    while True:
        for packed in call(0xC600_007E, (len(told), 0, 0)):
            if packed == 0:
                assert len(told) == number % 2**32
                return told
            told.append(Told(packed % 2**32, packed >> 32, None))
