"""Brings fleet and VMs into the service, through its API."""

import json

import httpx

from demo.failure import DemoFailure
from demo.fleet import COLLECTED, LATECOMER, MISTYPED, hosts, latecomer
from demo.vms import MOVING, MOVING_TO, VMS, SampleVm


def load(client: httpx.Client) -> bool:
    """Load everything; whether it was not there yet."""
    if client.get(f"/v1/hosts/{LATECOMER}").is_success:  # the last to come
        return False
    _import_fleet(client)
    for vm in VMS:
        _put_vm(client, vm)
    _let_time_pass(client)
    return True


def _import_fleet(client: httpx.Client) -> None:
    lines = "".join(json.dumps(host) + "\n" for host in hosts())
    _taken(client.post("/v1/hosts:import", content=lines, headers={"Content-Type": "application/x-ndjson"}))


def _put_vm(client: httpx.Client, vm: SampleVm) -> None:
    _taken(client.put(f"/v1/vms/{vm.name}", json=vm.definition))
    if vm.host is not None:
        _taken(client.post(f"/v1/vms/{vm.name}/boots", json={"host": vm.host} | (vm.boot or {})))


def _let_time_pass(client: httpx.Client) -> None:
    """What happens in a fleet while VMs run."""
    _taken(client.post(f"/v1/vms/{MOVING.name}/migrations", json={"target": MOVING_TO}))
    _taken(client.patch(f"/v1/hosts/{MISTYPED}", json=COLLECTED))
    _taken(client.put(f"/v1/hosts/{LATECOMER}", json=latecomer()))


def _taken(response: httpx.Response) -> None:
    if not response.is_success:
        message = f"{response.request.method} {response.request.url.path} was refused: {response.text}"
        raise DemoFailure(message)
