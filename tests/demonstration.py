"""The demo's service with its fleet, for tests that must look at a fleet of some size."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from demo.loading import load
from demo.service import HOST, free_port, running
from tests.waiting import PATIENCE


@contextmanager
def demonstration(data: Path) -> Iterator[httpx.Client]:
    """A client of the service on the demo's fleet, which is nobody else's."""
    port = free_port(0)
    with (
        running(port, data),
        httpx.Client(base_url=f"http://{HOST}:{port}", timeout=PATIENCE, trust_env=False) as client,
    ):
        load(client)
        yield client
