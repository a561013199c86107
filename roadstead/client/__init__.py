"""A client of the service for Python: calls are values, and a client carries them out.

    from roadstead.client import Client, Server, vms

    with Client(Server("https://roadstead.example.net", token=token)) as client:
        verdict = client.ask(vms.verdict("vm-1", "h7"))

`AsyncClient` is the same with `await`. The package needs httpx and nothing else of this project.
"""

from roadstead.client import documents, errata, hosts, migrations, vms
from roadstead.client.calls import Answer, Call
from roadstead.client.clients import AsyncClient, Client
from roadstead.client.exchange import Retries
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
    "Server",
    "Unreachable",
    "documents",
    "errata",
    "hosts",
    "migrations",
    "vms",
]
