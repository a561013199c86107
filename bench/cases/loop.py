"""Whom one request keeps waiting: the longest `/healthz` beside each endpoint, on one worker.

Where the machine is busy, `/healthz` waits beside nothing, too: that is the floor, taken in turns.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from time import sleep
from typing import Any, Final

import httpx

from bench import postgresql, vms
from bench.fleet import BOOT_HOST, DEFINITION, RACKS, VM, host, name
from bench.lab import Lab
from bench.pulse import pulse_beside
from bench.report import Row, above, bounded
from bench.service import load_fleet, roadstead

_AT_MOST: Final = 50.0
"""Milliseconds more than beside nothing."""
_READS: Final = (
    "/metrics",
    "/v1/vms?limit=1000",
    "/v1/vms?exposed=false&limit=1000",
    # Of none: all VMs are looked at.
    "/v1/vms?exposed=true&limit=1",
    "/v1/vms?without_target=true",
    "/v1/vms?outdated=true",
    "/v1/hosts?limit=1000",
    "/v1/hosts?incomplete=true&limit=1000",
    "/v1/implementations?limit=1000",
    "/v1/compatibility",
    f"/v1/vms/{VM}/targets?limit=1000",
    f"/v1/vms/{VM}/targets/{name(7)}",
    f"/v1/vms/{VM}/rejections",
    f"/v1/vms/{VM}/implementation-list/effects",
)


def measure(lab: Lab) -> Iterator[Row]:
    hosts = lab.fleet(100_000)
    with postgresql.database(lab.postgresql) as url, roadstead(url) as server, server.client() as client:
        load_fleet(client, hosts)
        vms.fill(client, url, RACKS // 10 if lab.quick else RACKS)
        work = _reads(client) | _writes(client)
        for each in work.values():
            each()
        beside = {what: partial(pulse_beside, server.port, each) for what, each in work.items()}
        found = lab.turns({"nothing": partial(pulse_beside, server.port, partial(sleep, 1)), **beside})
    quiet = [pulse.longest for pulse in found.pop("nothing")]
    title = f"{hosts:,} hosts and VMs: longest /healthz beside"
    for what, pulses in found.items():
        yield above(f"{title} {what}", "ms", [pulse.longest for pulse in pulses], quiet, _AT_MOST)
        yield bounded(f"{what}: answer", "s", [pulse.seconds for pulse in pulses])


def _get(client: httpx.Client, path: str) -> None:
    assert client.get(path).is_success, path


def _reads(client: httpx.Client) -> dict[str, Callable[[], object]]:
    return {path: partial(_get, client, path) for path in _READS}


def _writes(client: httpx.Client) -> dict[str, Callable[[], object]]:
    """Each may be done again and again."""
    return {
        "a boot and its stop": partial(_boot, client),
        "a host that changes, and targets": partial(_change, client),
        "a preview whose placement names 50,000 hosts": partial(_preview, client),
    }


def _boot(client: httpx.Client) -> None:
    assert client.post(f"/v1/vms/{VM}/stop").is_success
    assert client.post(f"/v1/vms/{VM}/boots", json={"host": BOOT_HOST}).is_success


def _change(client: httpx.Client) -> None:
    reported: dict[str, Any] = host(7)
    path = f"/v1/hosts/{reported.pop('name')}"
    for state in ("maintenance", "active"):
        assert client.put(path, json=reported | {"state": state}).is_success
        _get(client, f"/v1/vms/{VM}/targets")


def _preview(client: httpx.Client) -> None:
    names = [name(number) for number in range(50_000)]
    placement = {**DEFINITION["placement"], "include_hosts": names}
    body = json.dumps({**DEFINITION, "host": BOOT_HOST, "placement": placement})
    answer = client.post("/v1/placements:preview", content=body, headers={"Content-Type": "application/json"})
    assert answer.is_success, answer.text[:500]
