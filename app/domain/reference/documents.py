"""Reading a JSON document whole: every fault is kept with its JSON Pointer (RFC 6901), and reading goes on.

A faulty value is replaced by a harmless one, so that the rest can be read. Whoever reads refuses the document
at the end if there was any fault, so what was made of it is never seen.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Generic, NamedTuple, TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_ABSENT: Final = object()
"""Stands for a key that is not there: a fault already reported, or an optional key left out."""


class Fault(NamedTuple):
    """Where in the document, and what is wrong there."""

    pointer: str
    detail: str


class InvalidDocument(Exception):
    """A document that cannot be taken, with all its faults."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.pointer or 'the document'}: {fault.detail}" for fault in faults))
        self.faults = tuple(faults)


class Constraint(NamedTuple, Generic[T]):
    """What must hold for a value made of several keys; `key` is the one that is named where it does not."""

    key: str
    detail: str
    holds: Callable[[T], bool]


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a document, where it stands, and the faults of the whole document."""

    value: object
    pointer: str = ""
    faults: list[Fault] = field(default_factory=list)

    def fault(self, detail: str) -> None:
        self.faults.append(Fault(self.pointer, detail))

    @property
    def sound(self) -> bool:
        """Whether no fault was found in this value or inside it."""
        inside = f"{self.pointer}/"
        return not any(pointer == self.pointer or pointer.startswith(inside) for pointer, _ in self.faults)

    def __getitem__(self, key: str) -> "Node":
        value = self.value.get(key, _ABSENT) if isinstance(self.value, dict) else _ABSENT
        return self._child(key, value)

    def _child(self, key: object, value: object) -> "Node":
        escaped = str(key).replace("~", "~0").replace("/", "~1")
        return Node(value, f"{self.pointer}/{escaped}", self.faults)

    def expect(self, required: Iterable[str], optional: Iterable[str] = ()) -> None:
        """Report missing and unknown keys."""
        if self.value is _ABSENT:
            return
        if not isinstance(self.value, dict):
            self.fault("must be an object")
            return
        for key in sorted(set(required) - self.value.keys()):
            self[key].fault("is missing")
        for key in sorted(self.value.keys() - {*required, *optional}):
            self[key].fault("is not a known key")

    def items(self) -> list["Node"]:
        if self.value is _ABSENT:
            return []
        if not isinstance(self.value, list):
            self.fault("must be an array")
            return []
        return [self._child(index, value) for index, value in enumerate(self.value)]

    def read(self, decode: Callable[[object], T], instead: T) -> T:
        """The decoded value; `instead` where it is absent, or where `decode` refuses it with a ValueError."""
        if self.value is _ABSENT:
            return instead
        try:
            return decode(self.value)
        except ValueError as refusal:
            self.fault(str(refusal))
            return instead

    def demand(self, value: T, constraints: Iterable[Constraint[T]]) -> T:
        """Report the constraints that the value made of this node breaks, unless its parts were faulty."""
        if self.sound:
            for key, detail, holds in constraints:
                if not holds(value):
                    self[key].fault(detail)
        return value


def text(value: object) -> str:
    if not isinstance(value, str) or not value:
        message = "must be a string that is not empty"
        raise ValueError(message)
    return value


def boolean(value: object) -> bool:
    if not isinstance(value, bool):
        message = "must be true or false"
        raise ValueError(message)  # noqa: TRY004 - every decoder refuses with ValueError
    return value


def integer(lowest: int, highest: int) -> Callable[[object], int]:
    def decode(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            message = f"must be an integer from {lowest} to {highest}"
            raise ValueError(message)
        return value

    return decode


def one_of(choices: type[E]) -> Callable[[object], E]:
    def decode(value: object) -> E:
        try:
            return choices(text(value))
        except ValueError:
            message = f"must be one of {', '.join(choices)}"
            raise ValueError(message) from None

    return decode


def nullable(decode: Callable[[object], T]) -> Callable[[object], T | None]:
    return lambda value: None if value is None else decode(value)
