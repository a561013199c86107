"""A client of the service for Python: calls are values, and a client carries them out.

    from app.client import Client, Server, vms

    with Client(Server("https://roadstead.example.net", token=token)) as client:
        verdict = client.ask(vms.verdict("vm-1", "h7"))

`AsyncClient` is the same with `await`. The package needs httpx and nothing else of this project.
"""

from app.client import documents, errata, hosts, migrations, vms
from app.client.calls import Answer, Call
from app.client.clients import AsyncClient, Client
from app.client.exchange import Retries
from app.client.problems import ClientError, Problem, Unreachable
from app.client.server import Misconfigured, Server

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
