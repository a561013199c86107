"""Servers under measurement: the service as it is started in production, and floors in processes of their own."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from bench.fleet import BOOT_HOST, DEFINITION, VM, ndjson
from bench.load import HOST
from demo.service import environment, free_port, process, running


class Server(NamedTuple):
    port: int
    pid: int

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=f"http://{HOST}:{self.port}", timeout=600, trust_env=False)

    def memory(self) -> Mapping[str, int]:
        """The kernel's account of the process (proc(5), status), in bytes."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        return {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.endswith(" kB")}


@contextmanager
def roadstead(database_url: str, workers: int = 1, **settings: str) -> Iterator[Server]:
    """The service as it is started in production, with settings that differ from the defaults by name."""
    with running("--workers", str(workers), database_url=database_url, **settings) as service:
        yield Server(service.port, service.process.pid)


@contextmanager
def floor(kind: str, answer: Mapping[str, Any]) -> Iterator[Server]:
    """An application of `bench.floors`, in the same server with the same event loop."""
    port = free_port()
    command = [sys.executable, "-m", "bench.floors", kind, str(port)]
    variables = environment() | {"BENCH_ANSWER": json.dumps(answer)}
    with process(command, port, variables) as service:
        service.wait_until_ready()
        yield Server(service.port, service.process.pid)


def import_hosts(client: httpx.Client, body: bytes) -> dict[str, Any]:
    answer = client.post("/v1/hosts:import", content=body, headers={"Content-Type": "application/x-ndjson"})
    return taken(answer)


def load_fleet(client: httpx.Client, hosts: int) -> dict[str, Any]:
    """Import a fleet and boot the VM in it; the boot as it was answered."""
    assert import_hosts(client, ndjson(hosts))["created"] == hosts
    taken(client.put(f"/v1/vms/{VM}", json=DEFINITION))
    return taken(client.post(f"/v1/vms/{VM}/boots", json={"host": BOOT_HOST}))


def taken(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    document: dict[str, Any] = answer.json()
    return document
