"""Calls about hosts."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from roadstead.client.calls import Body, Call, Chunks, action, address, delete, get, patch, put
from roadstead.client.documents import Host, HostHistory, HostInput, HostPage, HostPatch, HostState, Imported

NDJSON: Final = "application/x-ndjson"
_IMPORT_SECONDS: Final = 900.0
"""A large import is answered when all of it has been written."""


def find(
    labels: Sequence[str] = (),
    states: Sequence[HostState] = (),
    implementation: str | None = None,
    page_size: int | None = None,
    *,
    stale: bool | None = None,
    incomplete: bool | None = None,
    unreadable: bool | None = None,
) -> Call[HostPage]:
    """Hosts by name that have all of the labels (`key=value`, or `key`), any of the states, and the implementation.

    Also those that are stale, incomplete or unreadable, or with False those that are not.
    """
    conditions = {"stale": stale, "incomplete": incomplete, "unreadable": unreadable}
    return get(
        address("hosts"),
        {
            "label": list(labels),
            "state": list(states),
            "implementation": implementation,
            **conditions,
            "limit": page_size,
        },
    )


def read(name: str) -> Call[Host]:
    return get(address("hosts", name))


def write(name: str, host: HostInput, *, dry_run: bool = False) -> Call[Host]:
    """Create the host, or replace all of it."""
    return put(address("hosts", name), host, {"dry_run": dry_run or None})


def edit(name: str, changes: HostPatch) -> Call[Host]:
    """Change what is named and leave the rest (JSON merge patch)."""
    return patch(address("hosts", name), changes)


def remove(name: str) -> Call[None]:
    return delete(address("hosts", name))


def history(name: str) -> Call[HostHistory]:
    """Every set of registers the host ever reported."""
    return get(address("hosts", name, "history"))


def take_in(lines: bytes | Chunks, *, dry_run: bool = False, repeatable: bool = True) -> Call[Imported]:
    """Import hosts, one JSON object a line, all or nothing."""
    return replace(
        action(address("hosts", verb="import")),
        query={"dry_run": dry_run or None},
        body=Body(lines, NDJSON),
        repeatable=repeatable,
        longest_wait=_IMPORT_SECONDS,
    )
