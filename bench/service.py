"""Servers under measurement: the service as it is started in production, and floors in processes of their own."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx

from bench.fleet import BOOT_HOST, DEFINITION, VM, ndjson
from bench.load import HOST

_ROOT: Final = Path(__file__).resolve().parent.parent
_PATIENCE: Final = 60.0


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
    program = str(Path(sys.executable).with_name("roadstead"))
    port = _free_port()
    settings = {
        "ROADSTEAD_DATABASE_URL": database_url,
        **{f"ROADSTEAD_{name.upper()}": value for name, value in settings.items()},
    }
    command = [program, "serve", "--host", HOST, "--port", str(port), "--workers", str(workers)]
    with _running(command, port, settings) as server:
        yield server


@contextmanager
def floor(kind: str, answer: Mapping[str, Any]) -> Iterator[Server]:
    """An application of `bench.floors`, in the same server with the same event loop."""
    port = _free_port()
    command = [sys.executable, "-m", "bench.floors", kind, str(port)]
    with _running(command, port, {"BENCH_ANSWER": json.dumps(answer)}) as server:
        yield server


@contextmanager
def _running(command: Sequence[str], port: int, settings: Mapping[str, str]) -> Iterator[Server]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ROADSTEAD_")}
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(command, stdout=log, stderr=log, cwd=_ROOT, env={**environment, **settings})
        try:
            server = Server(port, child.pid)
            if not _answers(child, server):
                log.seek(0)
                message = f"{command} did not start:\n{log.read().decode()}"
                raise RuntimeError(message)
            yield server
        finally:
            child.terminate()
            child.wait(_PATIENCE)


def _answers(child: subprocess.Popen[bytes], server: Server) -> bool:
    deadline = time.monotonic() + _PATIENCE
    with server.client() as client:
        while child.poll() is None and time.monotonic() < deadline:
            try:
                client.get("/readyz")
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return True
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


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
