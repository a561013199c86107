"""Rows that cannot be read: set aside one by one, so that none of them stops the answers about the others."""

import logging
import struct
from collections.abc import Callable
from typing import Any, Final, TypeVar

DAMAGE: Final = (ValueError, TypeError, LookupError, AttributeError, struct.error)
"""What reading a row raises that is not as this program writes it."""

T = TypeVar("T")

_logger: Final = logging.getLogger("roadstead")


def note(kind: str, name: str, damage: object) -> None:
    """Say in the log what was set aside, and why."""
    _logger.warning("%s %s is set aside, for what is stored of it cannot be read: %r", kind, name, damage)


def readable(kind: str, name: str, read: Callable[[], T]) -> T | None:
    """What the row of this name says; None, with a note in the log, where it is not as this program writes it."""
    try:
        return read()
    except DAMAGE as damage:
        note(kind, name, damage)
        return None


def strings(value: Any) -> tuple[str, ...]:
    """Raise TypeError for all that is no array of strings."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        message = f"{value!r:.100} is no array of strings"
        raise TypeError(message)
    return tuple(value)


def string_map(value: Any) -> dict[str, str]:
    """Raise TypeError for all that is no object of strings."""
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        message = f"{value!r:.100} is no object of strings"
        raise TypeError(message)
    return value


def string(value: Any) -> str:
    """Raise TypeError for all that is no string."""
    return strings([value])[0]


def whole(value: Any) -> int:
    """Raise TypeError for all that is no integer."""
    if type(value) is not int:
        message = f"{value!r:.100} is no integer"
        raise TypeError(message)
    return value
