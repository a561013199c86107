from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collector.host_tree import GRAVITON2, write_host
from tests.failing_service import FailingService, failing_service


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of the machine that runs the tests."""
    for name in ("SERVER", "TOKEN_FILE", "CA", "CLIENT_CERT", "CLIENT_KEY", "RETRIES"):
        monkeypatch.delenv(f"ROADSTEAD_{name}", raising=False)


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A complete host of one kind, called node-7.fra1.example.net."""
    root = tmp_path / "host"
    return write_host(root, dict.fromkeys(range(4), GRAVITON2))


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[FailingService]:
    # A proxy of the machine that runs the tests knows nothing of this service.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with failing_service() as service:
        yield service
