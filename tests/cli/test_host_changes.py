"""`hosts label`, `hosts set`, `hosts cordon` and the like."""

import json
from typing import Any

import pytest

from roadstead.cli.csv_hosts import SETTABLE
from roadstead.client import Client, Server, hosts
from roadstead.client.documents import CapabilitiesInput, Host
from tests.api.talk import N1
from tests.cli.program import CommandLine
from tests.client.inputs import host
from tests.failing_service import Scripted, failing_service, problem

pytestmark = pytest.mark.usefixtures("wide")


@pytest.fixture
def two(asking: CommandLine, service_url: str, zone: str) -> list[str]:
    names = [f"{zone}-1", f"{zone}-2"]
    with Client(Server(service_url)) as client:
        for name in names:
            client.ask(hosts.write(name, host(N1, labels={"zone": zone, "rack": "r1"})))
    return names


def read(asking: CommandLine, name: str) -> Any:
    return json.loads(asking("hosts", "show", name, "-o", "json").out)


def test_out_of_service_and_back(asking: CommandLine, two: list[str], zone: str) -> None:
    one, other = two
    assert asking("hosts", "cordon", one).lines == [f"{one} is cordoned"]
    assert asking("hosts", "cordon", *two).lines == [f"{one} is cordoned already", f"{other} is cordoned"]
    assert asking("hosts", "maintenance", "-l", f"zone={zone}").lines == [f"{name} is in maintenance" for name in two]
    assert asking("hosts", "uncordon", "-l", f"zone={zone}").lines == [f"{name} is active" for name in two]
    assert asking("hosts", "retire", other).lines == [f"{other} is retired"]
    refused = asking("hosts", "uncordon", other, one)
    assert (refused.code, refused.lines) == (1, [f"{one} is active already"])
    assert f"{other} is retired, not cordoned or maintenance; `roadstead hosts state {other} active`" in refused.err
    nobody = asking("hosts", "uncordon", "-l", f"zone={zone}")
    assert (nobody.code, nobody.out) == (1, "")
    assert nobody.err == f"There is no host with zone={zone} that is cordoned or maintenance.\n"


def test_one_that_is_not_there_does_not_hinder_the_others(asking: CommandLine, two: list[str]) -> None:
    done = asking("hosts", "cordon", "nobody", *two)
    assert (done.code, done.lines) == (1, [f"{name} is cordoned" for name in two])
    assert done.err.startswith("nobody:\nroadstead: there is no host 'nobody' [host_not_found]")


def test_labels(asking: CommandLine, two: list[str], zone: str) -> None:
    one, other = two
    assert asking("hosts", "label", one, "gpu=yes").lines == [f"{one} is labelled gpu=yes rack=r1 zone={zone}"]
    kept = asking("hosts", "label", *two, "gpu=no")
    assert (kept.code, kept.lines) == (1, [f"{other} is labelled gpu=no rack=r1 zone={zone}"])
    assert kept.err == f"roadstead: {one} is labelled gpu=yes; --overwrite replaces that\n"
    done = asking("hosts", "label", "-l", f"zone={zone}", "gpu=no", "rack-", "--overwrite")
    assert done.lines == [f"{name} is labelled gpu=no zone={zone}" for name in two]
    assert asking("hosts", "label", one, "gpu=no", "rack-").lines == [f"{one} is labelled gpu=no zone={zone} already"]


def test_properties(asking: CommandLine, two: list[str], zone: str) -> None:
    told = ("vcpus=64", "memory_mib=2048", "discovery_hypercalls=no", "kernel_release=6.18.1")
    assert asking("hosts", "set", *two, *told).lines == [f"{name} has {' '.join(told)}" for name in two]
    assert asking("hosts", "set", "-l", f"zone={zone}", "kernel_release=").code == 0
    for name in two:
        now: Host = read(asking, name)
        assert now["capacity"] == {"vcpus": 64, "memory_mib": 2048}
        assert now["capabilities"] == {"writable_id_registers": True, "discovery_hypercalls": False}
        assert now["kernel_release"] is None
    refused = asking("hosts", "set", two[0], "vcpus=many")
    assert (refused.code, "/capacity/vcpus" in refused.err) == (1, True)


def test_every_capability_can_be_set() -> None:
    assert CapabilitiesInput.__annotations__.keys() <= set(SETTABLE)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["cordon"], "give either names of hosts, or --label"),
        (["cordon", "h1", "-l", "zone"], "give either names of hosts, or --label"),
        (["label", "h1"], "nothing is told of the hosts: give KEY=VALUE or KEY-"),
        (["set", "h1", "vcpu=4"], "hosts have no property 'vcpu' that can be set: did you mean vcpus?"),
        (["set", "h1", "name=h2"], "hosts have no property 'name' that can be set"),
    ],
)
def test_usage(asking: CommandLine, arguments: list[str], sentence: str) -> None:
    done = asking("hosts", *arguments)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err


HOST = {"name": "h1", "state": "active", "labels": {}}
STALE = problem(412, "stale_revision")


def at(tag: str, **fields: object) -> Scripted:
    return Scripted(200, HOST | fields, {"etag": f'"{tag}"'})


def test_a_host_that_somebody_else_changes_is_looked_at_again(roadstead: CommandLine) -> None:
    with failing_service() as service:
        service.will(at("1"), STALE, at("2", labels={"a": "b"}), at("3", state="cordoned"))
        done = roadstead("hosts", "cordon", "h1", "--server", service.url)
    assert (done.code, done.out) == (0, "h1 is cordoned\n")
    assert [each.headers.get("If-Match") for each in service.heard] == [None, '"1"', None, '"2"']


def test_what_somebody_else_makes_of_it_may_forbid_the_change(roadstead: CommandLine) -> None:
    with failing_service() as service:
        service.will(at("1"), STALE, at("2", state="retired"))
        done = roadstead("hosts", "cordon", "h1", "--server", service.url)
    assert (done.code, done.out, "h1 is retired, not active" in done.err) == (1, "", True)


def test_nobody_is_asked_for_ever(roadstead: CommandLine) -> None:
    with failing_service() as service:
        service.will(*[at("1"), STALE] * 9)
        done = roadstead("hosts", "cordon", "h1", "--server", service.url)
    assert (done.code, len(service.heard), "[stale_revision]" in done.err) == (1, 10, True)
