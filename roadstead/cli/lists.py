"""Lists that may be of something that is not there: the service answers them with nothing, people have mistyped."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

from roadstead.client import Call, Client, hosts, vms
from roadstead.client.documents import Page

T = TypeVar("T")

_READ: Final[Mapping[str, Callable[[str], Call[Any]]]] = {"host": hosts.read, "vm": vms.read}
"""How to ask whether there is what a parameter names."""


def each_of(client: Client, call: Call[Page[T]]) -> Iterator[T]:
    """The items of all pages. Raises Problem where there are none, and what they would be of is not there either."""
    empty = True
    for item in client.each(call):
        empty = False
        yield item
    for parameter, read in _READ.items():
        if empty and isinstance(name := call.query.get(parameter), str):
            client.ask(read(name))
