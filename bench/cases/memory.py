"""What the service needs to keep a large fleet at hand."""

from collections.abc import Iterator

from bench import postgresql
from bench.fleet import VM, ndjson
from bench.lab import Lab
from bench.report import Row, bounded
from bench.service import import_hosts, load_fleet, roadstead, taken

_MB = 1_000_000


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
    yield bounded("memory (RSS) when started", "MB", [started["VmRSS"] / _MB])
    yield bounded(f"memory (RSS) with {hosts:,} hosts", "MB", [first["VmRSS"] / _MB], 400)
    yield bounded(f"memory at most (HWM) with {hosts:,} hosts", "MB", [first["VmHWM"] / _MB], 400)
    yield bounded("memory (RSS) after all hosts changed", "MB", [second["VmRSS"] / _MB])
    yield bounded("memory at most (HWM) after all hosts changed", "MB", [second["VmHWM"] / _MB])
