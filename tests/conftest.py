import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import settings as hypothesis_settings

from app.settings import Settings
from app.storage.schema import upgrade
from demo.service import free_port, running_in
from tests.databases import empty, postgresql_database, postgresql_server, shared_server, sqlite_url
from tests.serving import serving

hypothesis_settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis_settings.load_profile("ci")

BOTH_DATABASES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True, scope="session")
def _own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No setting of the machine that runs the tests reaches them, and no test reaches its data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        for name in [name for name in os.environ if name.startswith("ROADSTEAD_")]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server; one for all processes that run tests."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    lock = tmp_path_factory.getbasetemp().parent / "postgresql.lock"
    with shared_server(run, lock) if run else postgresql_server() as url:
        yield url


@pytest.fixture
def empty_postgresql(postgresql: str) -> Iterator[str]:
    """A database on PostgreSQL with nothing in it, no schema either."""
    with postgresql_database(postgresql) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: str) -> Iterator[str]:
    with postgresql_database(postgresql) as url:
        upgrade(url)
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "roadstead.db"
    upgrade(sqlite_url(path))
    return path


@pytest.fixture(params=BOTH_DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database at the present schema; every test that asks for one runs on both kinds."""
    if request.param == "sqlite":
        # Always the same file, as applications are made for settings: see serving.py.
        template: Path = request.getfixturevalue("migrated_sqlite")
        for left in template.parent.glob("used.db*"):
            left.unlink()
        return sqlite_url(Path(shutil.copy(template, template.with_name("used.db"))))
    url: str = request.getfixturevalue("migrated_postgresql")
    empty(url)
    return url


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url)


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service, over an empty database."""
    async with serving(settings) as client:
        yield client


@pytest.fixture(scope="session")
def service_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The service as a process of its own, over a database that was empty at first."""
    with running_in(tmp_path_factory.mktemp("service"), free_port()) as service:
        yield service.url


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """Certificate and key of 127.0.0.1, its own authority."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("this machine has no openssl to make certificates")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    extensions = "subjectAltName=IP:127.0.0.1", "keyUsage=critical,digitalSignature,keyCertSign"
    subprocess.run(
        [openssl, "req", "-x509", "-nodes", "-subj", "/CN=test", "-newkey", "ec"]
        + ["-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(cert), "-keyout", str(key)]
        + [part for extension in extensions for part in ("-addext", extension)],
        check=True,
        capture_output=True,
    )
    return cert, key
