"""The service as users run it: `roadstead serve`, with its worker processes, on a port of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import httpx

from tests.concurrency.clients import TLS
from tests.waiting import PATIENCE, wait_until

_ROADSTEAD: Final = Path(sys.executable).parent / "roadstead"


@dataclass(frozen=True)
class Service:
    """A running service: the process that was started, and all that it started."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """End all of its processes at once, as a power cut does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)


@contextmanager
def service(database_url: str, *, workers: int, log: Path) -> Iterator[Service]:
    """A service that answers, for the time of the block; afterwards none of its processes is left."""
    with log.open("ab") as output, _started(database_url, workers, output) as started:
        _await_readiness(started, log)
        yield started
        started.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            started.process.wait(PATIENCE)


@contextmanager
def _started(database_url: str, workers: int, output: IO[bytes]) -> Iterator[Service]:
    port = _free_port()
    command = [str(_ROADSTEAD), "serve", "--port", str(port), "--workers", str(workers)]
    environment = {**os.environ, "ROADSTEAD_DATABASE_URL": database_url}
    process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    started = Service(port, process)
    try:
        yield started
    finally:
        started.kill()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _await_readiness(started: Service, log: Path) -> None:
    wait_until(lambda: _ready(started) or started.process.poll() is not None)
    assert started.process.poll() is None, f"the service did not start: {log.read_text()}"


def _ready(started: Service) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{started.url}/readyz", timeout=PATIENCE, verify=TLS).is_success
    return False
