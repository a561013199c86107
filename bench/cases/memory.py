"""What the service needs to keep a large fleet at hand."""

from collections.abc import Iterator

import httpx

from bench import postgresql
from bench.fleet import VM, ndjson
from bench.lab import Lab
from bench.report import Row, bounded
from bench.service import import_hosts, load_fleet, roadstead, taken

_MB = 1_000_000
_REPORTS = 50
_GROUPS = 64


def measure(lab: Lab) -> Iterator[Row]:
    hosts = lab.fleet(100_000)
    with postgresql.database(lab.postgresql) as url, roadstead(url) as ours, ours.client() as client:
        started = ours.memory()
        load_fleet(client, hosts)
        assert taken(client.get(f"/v1/vms/{VM}/targets?limit=100"))["total"]
        first = ours.memory()
        assert import_hosts(client, ndjson(hosts, kernel="6.18.1"))["updated"]
        assert taken(client.get(f"/v1/vms/{VM}/targets?limit=100"))["total"]
        second = ours.memory()
    yield from _left_behind(lab)
    yield bounded("memory (RSS) when started", "MB", [started["VmRSS"] / _MB])
    yield bounded(f"memory (RSS) with {hosts:,} hosts", "MB", [first["VmRSS"] / _MB], 400)
    yield bounded(f"memory at most (HWM) with {hosts:,} hosts", "MB", [first["VmHWM"] / _MB], 400)
    yield bounded("memory (RSS) after all hosts changed", "MB", [second["VmRSS"] / _MB])
    yield bounded("memory at most (HWM) after all hosts changed", "MB", [second["VmHWM"] / _MB])


def _left_behind(lab: Lab) -> Iterator[Row]:
    """What one host has left behind that reported other registers each time, as many as a host may have."""
    with postgresql.database(lab.postgresql) as url, roadstead(url) as ours, ours.client() as client:
        load_fleet(client, 10)
        _report(client, 0)
        before = ours.memory()["VmRSS"]
        for number in range(1, _REPORTS + 1):
            _report(client, number)
        assert client.delete("/v1/hosts/restless").is_success
        assert "items" in taken(client.get(f"/v1/vms/{VM}/targets"))
        after = ours.memory()["VmRSS"]
    yield bounded(
        f"memory (RSS) that {_REPORTS} reports of a host leave when it is gone", "MB", [(after - before) / _MB], 16
    )


def _report(client: httpx.Client, number: int) -> None:
    cpus = [
        {
            "cpu_list": f"{first}-65535:1/{_GROUPS}",
            "midr": "0x410fd4f1",
            "revidr": hex(number * _GROUPS + first),
            "aidr": "0x0",
        }
        for first in range(_GROUPS)
    ]
    taken(client.put("/v1/hosts/restless", json={"cpus": cpus}))
    taken(client.get("/v1/hosts/restless"))
    assert taken(client.get(f"/v1/vms/{VM}/targets/restless"))["reasons"]
