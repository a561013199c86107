"""The service as a child process, on a database of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from demo.failure import DemoFailure

HOST: Final = "127.0.0.1"
PROGRAM: Final = Path(sys.executable).with_name("roadstead")
_PATIENCE: Final = 60.0
"""Seconds that the service may take to start."""


def free_port(wanted: int) -> int:
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


@contextmanager
def running(port: int, data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The service while it answers on the port; it has ended when the block has."""
    log = data / "service.log"
    with log.open("wb") as output:
        child = subprocess.Popen(
            [PROGRAM, "serve", "--host", HOST, "--port", str(port)],
            stdout=output,
            stderr=output,
            env=_environment(data),
            # Ctrl-C reaches the demo alone, which ends the service in its turn.
            process_group=0,
        )
        try:
            _wait_until_ready(child, port, log)
            yield child
        finally:
            child.terminate()
            child.wait()


def _environment(data: Path) -> dict[str, str]:
    """Ours without the settings of whatever service the user runs otherwise."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROADSTEAD_")}
    return kept | {"ROADSTEAD_DATABASE_URL": f"sqlite:///{data.resolve() / 'roadstead.db'}"}


def _wait_until_ready(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if child.poll() is not None:
            message = f"the service ended with {child.returncode}:\n{log.read_text(encoding='utf-8')}"
            raise DemoFailure(message)
        if _ready(port):
            return
        time.sleep(0.1)
    message = f"the service was not ready after {_PATIENCE:.0f} seconds"
    raise DemoFailure(message)


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://{HOST}:{port}/readyz", trust_env=False).is_success
    except httpx.TransportError:
        return False
