"""The demo's service with its fleet, for tests that must look at a fleet of some size."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from demo.loading import load
from demo.service import free_port, running_in


@contextmanager
def demonstration(data: Path) -> Iterator[httpx.Client]:
    """A client of the service on the demo's fleet, which is nobody else's."""
    with running_in(data, free_port()) as service, service.client() as client:
        load(client)
        yield client
