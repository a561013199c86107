import uuid

import pytest

from demo.service import HOST
from roadstead.client import Client, Server, boots, hosts, vms
from tests.api.talk import N1, N1_NEW, V1, V2, group
from tests.cli.program import CommandLine
from tests.client.inputs import host, vm

WIDTH = 100

AMPERE_ONE = (0xC00FAC30, 0, 0)
"""May not stand on a list beside Neoverse N1."""


@pytest.fixture(scope="session")
def fleet(service_url: str) -> None:
    """Seven hosts, and a VM on the first of them that was booted before the last two came."""
    found = {"labels": {"zone": "fra1"}, "kernel_release": "6.17.3", "vmm": "qemu 10.2"}
    unknown = (0x413FD0C1, 0, None)
    with Client(Server(service_url)) as client:
        for name, cpu in (("h1", N1), ("h2", N1), ("h3", V1), ("h4", unknown), ("h5", AMPERE_ONE)):
            client.ask(hosts.write(name, host(cpu, **found)))
        client.ask(vms.write("vm-1", vm({"selector": {"match_labels": {"zone": "fra1"}}})))
        client.ask(boots.boot("vm-1", "h1"))
        client.ask(hosts.write("h7", host(N1_NEW, state="cordoned", **found)))
        client.ask(hosts.write("h8", host(group(N1, "0-3"), group(V2, "4-7"), **found)))


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of a known width without colours, and no settings of the machine that runs the tests."""
    for name in ("SERVER", "TOKEN_FILE", "CA", "CLIENT_CERT", "CLIENT_KEY", "RETRIES", "OUTPUT"):
        monkeypatch.delenv(f"ROADSTEAD_{name}", raising=False)
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("NO_PROXY", HOST)


@pytest.fixture
def roadstead(capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """The command line, with no service."""
    return CommandLine(capsys)


@pytest.fixture
def asking(roadstead: CommandLine, service_url: str, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """The command line, with the service."""
    monkeypatch.setenv("ROADSTEAD_SERVER", service_url)
    return roadstead


@pytest.fixture
def zone() -> str:
    """A part of the fleet that no other test knows of."""
    return f"z{uuid.uuid4().hex[:8]}"
