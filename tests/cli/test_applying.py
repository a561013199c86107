"""`export`, `apply` and `import`: what is printed can be put back."""

import json
from pathlib import Path

import pytest
import yaml

from roadstead.cli.resources import HOST, VM, Resource
from roadstead.client import Client, Server
from tests.api.talk import N1, V1, host
from tests.cli.program import CommandLine

pytestmark = pytest.mark.usefixtures("wide")

ANSWERED = {
    "host": {
        "implementations",
        "identity_complete",
        "unreadable",
        "warnings",
        "fleet_revision",
        "created_at",
        "updated_at",
    },
    "VM": {
        "state",
        "host",
        "boot",
        "mode",
        "implementation_list",
        "exposed",
        "migration",
        "accepted_hazards",
        "warnings",
    },
}


@pytest.fixture
def hosts(asking: CommandLine, tmp_path: Path, zone: str) -> list[str]:
    names = [f"{zone}-1", f"{zone}-2"]
    path = tmp_path / "hosts.json"
    described = [host(N1, labels={"zone": zone}, kernel_release="6.18"), host(V1, capacity=None)]
    path.write_text(json.dumps([{"name": name, **each} for name, each in zip(names, described, strict=True)]))
    assert asking("hosts", "apply", path).out == "".join(f"{name} is created\n" for name in names)
    return names


@pytest.mark.parametrize("resource", [HOST, VM], ids=lambda resource: resource.word)
def test_only_what_the_service_finds_by_itself_is_left_out(resource: Resource) -> None:
    assert resource.answered >= ANSWERED[resource.word]
    assert not resource.answered & {"name", "cpus", "labels", "placement", "guest", "resources", "observed_at"}


@pytest.mark.parametrize(("command", "form"), [("export", "table"), ("export", "json"), ("list", "json")])
def test_hosts_are_put_back(
    asking: CommandLine, service_url: str, hosts: list[str], tmp_path: Path, form: str, command: str
) -> None:
    with Client(Server(service_url)) as client:
        before = [client.ask(HOST.read(name)) for name in hosts]
        path = tmp_path / "exported"
        names = hosts if command == "export" else ()
        path.write_text(asking("hosts", command, *names, "-o", form).out)
        assert asking("hosts", "apply", path).code == 0
        assert [client.ask(HOST.read(name)) for name in hosts] == before
        if form == "json":
            assert asking("hosts", "import", path).out.startswith("hosts: 0 created, 0 updated, ")
        asking("hosts", "delete", *hosts)
        assert asking("hosts", "apply", path).code == 0
        after = [client.ask(HOST.read(name)) for name in hosts]
    assert [HOST.definition(each) for each in after] == [HOST.definition(each) for each in before]


@pytest.mark.parametrize(("command", "form"), [("export", "table"), ("export", "json"), ("show", "json")])
def test_vms_are_put_back(asking: CommandLine, guest: str, zone: str, tmp_path: Path, command: str, form: str) -> None:
    names = [guest, f"{zone}-old"]
    path = tmp_path / "exported"
    path.write_text(asking("vms", command, *names, "-o", form).out)
    dry = asking("vms", "apply", path, "--dry-run")
    assert dry.lines == [f"{name} would stay as it is" for name in names]
    assert asking("vms", "delete", *names).lines == [f"{name} is deleted" for name in names]
    assert asking("vms", "apply", path).lines == [f"{name} is defined" for name in names]


def test_an_export_is_of_what_is_asked_for(asking: CommandLine, hosts: list[str], zone: str) -> None:
    documents = list(yaml.safe_load_all(asking("hosts", "export", "--label", f"zone={zone}").out))
    assert [each["name"] for each in documents] == hosts[:1]
    assert documents[0]["kernel_release"] == "6.18"
    unknown = asking("hosts", "export", hosts[1], "nobody")
    assert (unknown.code, [each["name"] for each in yaml.safe_load_all(unknown.out)]) == (1, hosts[1:])
    both = asking("hosts", "export", hosts[0], "--state", "active")
    assert (both.code, both.out) == (2, "")
    assert asking("vms", "export", "nobody", "--not-exposed").code == 2


def test_a_dry_run_shows_what_would_change(asking: CommandLine, guest: str, zone: str, tmp_path: Path) -> None:
    path = tmp_path / "vms.yaml"
    path.write_text(asking("vms", "export", guest).out.replace("6.18.15", "6.18.16"))
    done = asking("vms", "apply", path, "--dry-run")
    assert done.code == 0
    changed = [line for line in done.lines if line.startswith(("+", "-"))]
    assert changed == [
        f"--- {guest} as it is",
        f"+++ {guest} as it would be",
        "-  kernel_release: 6.18.15",
        "+  kernel_release: 6.18.16",
    ]
    assert asking("vms", "apply", path, "--dry-run").out == done.out
    dry = json.loads(asking("vms", "apply", path, "--dry-run", "-o", "json").out)
    assert (dry["before"]["guest"], dry["created"]) != (dry["after"]["guest"], True)


def test_a_dry_run_of_what_is_not_there_yet(asking: CommandLine, zone: str, tmp_path: Path) -> None:
    path = tmp_path / "vms.yaml"
    path.write_text(f"[{{name: {zone}, guest: {{discovers_implementations: true}}}}, {{name: {zone}-2}}]")
    done = asking("vms", "apply", path, "--dry-run")
    assert done.code == 1
    assert f"+name: {zone}" in done.lines
    assert "/guest" in done.err
    assert asking("vms", "show", zone).code == 1


def test_a_name_stands_once_in_a_file(asking: CommandLine, zone: str, tmp_path: Path) -> None:
    path = tmp_path / "vms.yaml"
    path.write_text(f"[{{name: {zone}, guest: {{}}}}, {{name: {zone}, guest: {{}}}}]")
    done = asking("vms", "apply", path)
    assert (done.code, done.out) == (1, "")
    assert f"VM {zone} stands in it twice" in done.err
