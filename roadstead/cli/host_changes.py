"""Changes of hosts that depend on what they are now."""

from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from roadstead.cli.session import Session
from roadstead.cli.turns import Turns
from roadstead.client import Client, Problem
from roadstead.client import hosts as calls
from roadstead.client.documents import Host, HostPatch

_TRIES: Final = 5
"""Each finds the host as somebody else has just made it."""

Decision = Callable[[Host], HostPatch | None]
"""How a host is to be changed; None where nothing is to be done. May raise Declined."""


def change_each(on: Session, names: Sequence[str], decide: Decision, sentence: Callable[[Host], str]) -> NoReturn:
    def change(name: str) -> None:
        host, changed = _change(on.client, name, decide)
        on.output.tell(host, f"{sentence(host)}{'' if changed else ' already'}")

    Turns(on, names).all(change)


def _change(client: Client, name: str, decide: Decision, tries: int = _TRIES) -> tuple[Host, bool]:
    """The host as it is then, and whether it was changed: as it was when it was decided, or not at all."""
    found = client.send(calls.read(name))
    patch = decide(found.value)
    if patch is None:
        return found.value, False
    try:
        return client.ask(calls.edit(name, patch).only_if(found.etag or "*")), True
    except Problem as problem:
        if problem.code != "stale_revision" or tries == 1:
            raise
    return _change(client, name, decide, tries - 1)
