"""The service as a process of its own: how the demo, the bench and the tests start it."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import httpx

from demo.failure import DemoFailure

HOST: Final = "127.0.0.1"
PROGRAM: Final = str(Path(sys.executable).with_name("roadstead"))
PATIENCE: Final = 120.0
"""Seconds after which a start or an end is given up: nothing takes so long unless it is broken."""

_TLS: Final = ssl.create_default_context()
"""Made once: nothing is encrypted here, and it takes longer than a request."""


@dataclass(frozen=True, slots=True)
class Service:
    """The process that was started, which may have started more."""

    process: subprocess.Popen[bytes]
    port: int
    log: IO[bytes]

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def client(self, timeout: float = PATIENCE) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=timeout, verify=_TLS, trust_env=False)

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """The answer, over a connection of its own."""
        with self.client() as client:
            return client.request(method, path, **request)

    def wait_until_ready(self) -> None:
        """Raises DemoFailure where it ends before, or never comes."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                code, logged = self.ended()
                message = f"the service ended with {code}:\n{logged}"
                raise DemoFailure(message)
            if self._ready():
                return
            time.sleep(0.05)
        message = f"the service was not ready after {PATIENCE:.0f} seconds"
        raise DemoFailure(message)

    def ended(self) -> tuple[int, str]:
        """The exit code, once it has one, and what was logged."""
        code = self.process.wait(PATIENCE)
        # The process writes where its copy of the file stands: that place must not be moved.
        log = self.log.fileno()
        return code, os.pread(log, os.fstat(log).st_size, 0).decode()

    def kill(self) -> None:
        """End it and all that it started at once, as a power cut does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def _ready(self) -> bool:
        """An application that knows no readiness is ready when it answers."""
        with suppress(httpx.TransportError):
            return not self.ask("GET", "/readyz").is_server_error
        return False


def free_port(wanted: int = 0) -> int:
    """The port, or any free one for 0. Raises DemoFailure where somebody else has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError as error:
            message = f"port {wanted} cannot be used ({error.strerror}); choose another one, as in: make demo PORT=8100"
            raise DemoFailure(message) from None
        port: int = probe.getsockname()[1]
        return port


def environment(**settings: str) -> dict[str, str]:
    """Ours with these settings, and without those of whatever service the user runs otherwise."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROADSTEAD_")}
    return kept | {f"ROADSTEAD_{name.upper()}": value for name, value in settings.items()}


@contextmanager
def running(*options: str, **settings: str) -> Iterator[Service]:
    """The service, ready, with settings by name; nothing of it is left when the block has ended."""
    with starting(*options, **settings) as service:
        service.wait_until_ready()
        yield service


@contextmanager
def starting(*options: str, **settings: str) -> Iterator[Service]:
    """The same before it is ready."""
    port = free_port()
    with process(_serve(port, *options), port, environment(**settings)) as service:
        yield service


@contextmanager
def running_in(data: Path, port: int) -> Iterator[Service]:
    """The service on this port, whose database and log are in a directory."""
    variables = environment(database_url=f"sqlite:///{data.resolve() / 'roadstead.db'}")
    with (data / "service.log").open("w+b") as log, process(_serve(port), port, variables, log) as service:
        service.wait_until_ready()
        yield service


@contextmanager
def process(
    command: Sequence[str], port: int, variables: Mapping[str, str], log: IO[bytes] | None = None
) -> Iterator[Service]:
    """A server by its command. It is told to end with the block; what is left of it then is killed."""
    with nullcontext(log) if log else tempfile.TemporaryFile() as output:
        # Ctrl-C reaches us alone: we end the service in our turn.
        child = subprocess.Popen(command, stdout=output, stderr=output, env=dict(variables), process_group=0)
        service = Service(child, port, output)
        try:
            yield service
        finally:
            child.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.wait(PATIENCE)
            service.kill()


def _serve(port: int, *options: str) -> list[str]:
    return [PROGRAM, "serve", "--host", HOST, "--port", str(port), *options]
