"""A client of the service for Python: calls are values, and a client carries them out.

    from roadstead import Client, Server, targets

    with Client(Server("https://roadstead.example.net", token=token)) as client:
        verdict = client.ask(targets.verdict("vm-1", "h7"))

`AsyncClient` is the same with `await`. The package needs httpx and nothing else of this project.
"""

from roadstead.client import (
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
from roadstead.client.calls import Answer, Call
from roadstead.client.clients import AsyncClient, Client
from roadstead.client.exchange import Retries, Retry
from roadstead.client.problems import ClientError, Problem, Unreachable
from roadstead.client.server import Misconfigured, Server

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
