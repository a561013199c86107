"""What documents of several resources have in common."""

from typing import Generic, Literal, TypedDict, TypeVar

T = TypeVar("T")

Mode = Literal["discoverable", "homogeneous"]

Register = str | int
"""In what is sent: `0x` and up to 16 digits, or the number. In answers it is a string of `0x` and 16 digits."""


class Page(TypedDict, Generic[T]):
    """Some items of a list."""

    items: list[T]
    next_cursor: str | None


class Registers(TypedDict):
    midr: str
    revidr: str
    aidr: str


class RegistersInput(TypedDict):
    midr: Register
    revidr: Register
    aidr: Register


class Implementation(TypedDict):
    midr: str
    revidr: str
    aidr: str | None
    """None where a host could not read it: unknown, never 0."""
    name: str


class Warned(TypedDict):
    """What contradicts itself or the facts. Nothing is decided by it."""

    code: str
    detail: str


class Resources(TypedDict):
    """What a VM needs, or a host has. The same in what is sent."""

    vcpus: int
    memory_mib: int
