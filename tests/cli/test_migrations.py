import pytest

from roadstead.client import Client, Server, hosts
from tests.api.talk import N1_NEW
from tests.cli.program import CommandLine
from tests.client.inputs import host

pytestmark = pytest.mark.usefixtures("wide")


def test_a_refused_move_has_every_reason_with_its_remedy(
    asking: CommandLine, guest: str, zone: str, service_url: str
) -> None:
    asking("vms", "boot", guest, f"{zone}-1")
    with Client(Server(service_url)) as client:
        client.ask(hosts.write(f"{zone}-3", host(N1_NEW, state="maintenance", labels={"zone": zone})))
    done = asking("vms", "migrate", guest, f"{zone}-3")
    assert (done.code, done.out) == (1, "")
    lines = [line.rstrip() for line in done.err.splitlines()]
    assert lines[0] == "roadstead: The VM cannot move to this host [not_a_target]"
    assert [line for line in lines if line.startswith("✗")] == [
        "✗ host_not_active",
        "✗ implementation_not_listed  (waiting does not help)",
    ]
    assert "  → boot the VM again to include it" in lines
