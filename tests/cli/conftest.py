import uuid
from pathlib import Path

import pytest

from demo.service import HOST
from roadstead.client import Client, Server, boots, hosts, vms
from tests.api.talk import N1, N1_NEW, V1, V2, group
from tests.cli.program import CommandLine
from tests.client.inputs import host, vm

WIDTH = 100

DEFINITIONS = """\
name: {0}-vm
placement:
  selector: {{match_labels: {{zone: {0}}}}}
guest: {{discovers_implementations: true, kernel_release: "6.18.15"}}
---
- name: {0}-old
  placement:
    selector:
      match_expressions: [{{key: zone, operator: In, values: [{0}]}}, {{key: gpu, operator: DoesNotExist}}]
    exclude_hosts: [h99]
  guest: {{discovers_implementations: false}}
---
"""

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


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal in which no line is broken."""
    monkeypatch.setenv("COLUMNS", "140")


@pytest.fixture
def guest(asking: CommandLine, service_url: str, tmp_path: Path, zone: str) -> str:
    """A VM whose placement has two hosts of different CPUs; `old` is one that cannot discover."""
    with Client(Server(service_url)) as client:
        for name, cpu in ((f"{zone}-1", N1), (f"{zone}-2", V1)):
            client.ask(hosts.write(name, host(cpu, labels={"zone": zone})))
    path = tmp_path / "vms.yaml"
    path.write_text(DEFINITIONS.format(zone))
    assert asking("vms", "apply", path).out == f"{zone}-vm is defined\n{zone}-old is defined\n"
    assert asking("vms", "apply", path).out == f"{zone}-vm is as the file says\n{zone}-old is as the file says\n"
    return f"{zone}-vm"
