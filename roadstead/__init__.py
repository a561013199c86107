"""Roadstead: which arm64 hosts a VM may live-migrate to, and what its guest must be told for that to be safe.

This package is what other programs and other machines use: the client, the command line, the collector.

    from roadstead import Client, Server, targets

    with Client(Server("https://roadstead.example.net")) as client:
        verdict = client.ask(targets.verdict("vm-1", "h7"))
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from roadstead.client import (
        Answer,
        AsyncClient,
        Call,
        Client,
        ClientError,
        Misconfigured,
        Problem,
        Retries,
        Retry,
        Server,
        Unreachable,
        boots,
        compatibility,
        documents,
        effects,
        errata,
        fleet,
        hosts,
        hypercalls,
        implementation_lists,
        implementations,
        migrations,
        placements,
        targets,
        vms,
    )

__all__ = [
    "Answer",
    "AsyncClient",
    "Call",
    "Client",
    "ClientError",
    "Misconfigured",
    "Problem",
    "Retries",
    "Retry",
    "Server",
    "Unreachable",
    "boots",
    "compatibility",
    "documents",
    "effects",
    "errata",
    "fleet",
    "hosts",
    "hypercalls",
    "implementation_lists",
    "implementations",
    "migrations",
    "placements",
    "targets",
    "vms",
]


def __getattr__(name: str) -> object:
    # The client is loaded when it is used: a collector starts on every host, every few minutes, and may not need it.
    if name in __all__:
        from roadstead import client  # noqa: PLC0415 - when it is used

        return getattr(client, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
