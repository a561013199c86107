from collections.abc import Iterator

import pytest

from demo.service import HOST
from roadstead.client import Retries, Server
from tests.client.asking import KINDS, Asker, Kind, asker
from tests.failing_service import FailingService, failing_service

AT_ONCE = Retries(count=3, first_pause=0.001)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the machine that runs the tests knows nothing of these services."""
    monkeypatch.setenv("NO_PROXY", HOST)


@pytest.fixture
def failing() -> Iterator[FailingService]:
    with failing_service() as service:
        yield service


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    kind: Kind = request.param
    return kind


@pytest.fixture
def client(kind: Kind, service_url: str) -> Iterator[Asker]:
    """Of the real service."""
    with asker(kind, Server(service_url)) as client:
        yield client


@pytest.fixture
def stubborn(kind: Kind, failing: FailingService) -> Iterator[Asker]:
    """Of the failing service; tries again, at once."""
    with asker(kind, Server(failing.url, retries=AT_ONCE)) as client:
        yield client
