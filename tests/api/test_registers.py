"""The forms in which registers and names go in and come out."""

import json

import httpx
import pytest

from tests.api.talk import N1, done, get, group, import_hosts, pointers, put_host, put_vm, refused

pytestmark = pytest.mark.anyio

WRITTEN = {
    "0x413fd0c1": "0x00000000413fd0c1",
    "0X413FD0C1": "0x00000000413fd0c1",
    "0x0000000000000001": "0x0000000000000001",
    "0xffffffffffffffff": "0xffffffffffffffff",
    "0x8000000000000000": "0x8000000000000000",
    0: "0x0000000000000000",
    1094701249: "0x00000000413fd0c1",
    2**53 + 1: "0x0020000000000001",
    2**64 - 1: "0xffffffffffffffff",
}
MIDRS = {
    "0x413fd0c1": "0x00000000413fd0c1",
    "0X413FD0C1": "0x00000000413fd0c1",
    "0x00000000000f0510": "0x00000000000f0510",
    "0x80000000413fd0c1": "0x80000000413fd0c1",
    1094701249: "0x00000000413fd0c1",
    2**53 + 0xF0001: "0x00200000000f0001",
    2**64 - 2: "0xfffffffffffffffe",
}
NO_REGISTERS = [
    -1,
    2**64,
    1.0,
    1.5,
    1e3,
    True,
    False,
    "1094701249",
    "413fd0c1",
    "0x",
    "",
    "0x00000000413fd0c1f",
    "0x413fd0cg",
    "-0x1",
    "+0x1",
    " 0x1",
    "0x1 ",
    "0x1\n",
    "0x1_0",
    "0b1",
    "٠x١",  # noqa: RUF001 - digits of another script
    [],
    {},
    ["0x1"],
]
REGISTERS = ("midr", "revidr", "aidr")


def with_register(register: str, value: object) -> dict[str, object]:
    return {"midr": "0x413fd0c1", "revidr": "0x0", "aidr": "0x0", register: value}


@pytest.mark.parametrize("register", REGISTERS)
async def test_registers_in_and_out(client: httpx.AsyncClient, register: str) -> None:
    for written, shown in (MIDRS if register == "midr" else WRITTEN).items():
        body = {"cpus": [with_register(register, written)]}
        host = done(await client.put("/v1/hosts/h1", json=body))
        assert host["cpus"][0][register] == shown
        assert host["implementations"][0][register] == shown
        assert (await client.get("/v1/hosts/h1")).json() == host


@pytest.mark.parametrize("register", REGISTERS)
async def test_what_is_no_register(client: httpx.AsyncClient, register: str) -> None:
    for value in NO_REGISTERS:
        answer = await client.put("/v1/hosts/h1", json={"cpus": [with_register(register, value)]})
        assert pointers(answer) == [f"/cpus/0/{register}"], value


MEANT: dict[str | int, str] = {
    "0x4108d821": "did you mean 0x410fd821?",  # put together from /proc/cpuinfo
    "0xc1d03f41": "did you mean 0x413fd0c1?",  # as dmidecode prints the bytes
    0x4138D0C1: "did you mean 0x413fd0c1?",
    "0x0": "was not read",
    2**64 - 1: "was not read",
    "0xffffffff": "was not read",
}
"""What no arm64 CPU has in MIDR_EL1, and what the service says to it."""


async def test_a_midr_that_no_cpu_has_is_refused_wherever_it_comes_in(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1")
    await put_vm(client, "vm-1")
    unchanged = await get(client, "/v1/hosts")
    for midr, said in MEANT.items():
        cpus = [group(N1, "0-3"), {"cpu_list": "4", **with_register("midr", midr)}]
        told = [with_register("midr", midr)]
        adopted = {"host": "h1", "adopt": {"mode": "discoverable", "implementations": told}}
        query = {"implementation": f"{midr:#x},0x0" if isinstance(midr, int) else midr}
        for answer, pointer in (
            (await client.put("/v1/hosts/h2", json={"cpus": cpus}), "/cpus/1/midr"),
            (await client.patch("/v1/hosts/h1", json={"cpus": cpus}), "/cpus/1/midr"),
            (await client.post("/v1/vms/vm-1/boots", json=adopted), "/adopt/implementations/0/midr"),
            (await client.get("/v1/hosts", params=query), "/implementation"),
        ):
            (fault,) = refused(answer, 422, "invalid_request")["errors"]
            assert (fault["pointer"], said in fault["detail"]) == (pointer, True), fault
        answer = await import_hosts(client, json.dumps({"name": "h2", "cpus": cpus}))
        (fault,) = refused(answer, 422, "invalid_import")["errors"]
        assert (fault["pointer"], said in fault["detail"]) == ("/1/cpus/1/midr", True), fault
    assert await get(client, "/v1/hosts") == unchanged


async def test_only_aidr_may_be_unknown(client: httpx.AsyncClient) -> None:
    host = done(await client.put("/v1/hosts/h1", json={"cpus": [with_register("aidr", None)]}))
    assert host["cpus"][0]["aidr"] is None
    assert host["implementations"][0]["aidr"] is None
    assert host["identity_complete"] is False
    for register in ("midr", "revidr"):
        answer = await client.put("/v1/hosts/h1", json={"cpus": [with_register(register, None)]})
        assert pointers(answer) == [f"/cpus/0/{register}"]


async def test_an_aidr_left_out_is_unknown_and_never_zero(client: httpx.AsyncClient) -> None:
    host = done(await client.put("/v1/hosts/h1", json={"cpus": [{"midr": "0x413fd0c1", "revidr": "0x0"}]}))
    assert host["cpus"][0]["aidr"] is None
    assert host["identity_complete"] is False


async def test_registers_of_an_adoption_and_of_a_hypercall_are_read_alike(client: httpx.AsyncClient) -> None:
    for value in NO_REGISTERS:
        adopted = {"mode": "discoverable", "implementations": [with_register("aidr", value)]}
        answer = await client.post("/v1/vms/vm-1/boots", json={"host": "h1", "adopt": adopted})
        assert pointers(answer) == ["/adopt/implementations/0/aidr"], value
        call = {"function_id": "0xc6000041", "arguments": [0, value]}
        assert pointers(await client.post("/v1/vms/vm-1/hypercalls", json=call)) == ["/arguments/1"], value


LABEL = "a" * 63
NAMES = ["a", "0", "h1", "a-b", "a--b", "a.b", "node-7.fra1.example.net", "1.2.3.4", "a" * 253, ".".join([LABEL] * 3)]
NO_NAMES = [
    "H1",
    "a_b",
    "-a",
    "a-",
    ".a",
    "a.",
    "a..b",
    "a.-b",
    "a b",
    "a" * 254,
    "ä",
    "a%00",
    "a%0A",
    "%2e%2e",
    "a%3Ab",
]
NAMED = ["/v1/hosts/{}", "/v1/vms/{}", "/v1/vms/{}/implementation-list", "/v1/vms/{}/targets", "/v1/hosts/{}/history"]


@pytest.mark.parametrize("path", NAMED)
async def test_names(client: httpx.AsyncClient, path: str) -> None:
    for name in NAMES:
        assert (await client.get(path.format(name))).json()["code"] in ("host_not_found", "vm_not_found"), name


@pytest.mark.parametrize("path", NAMED)
async def test_what_is_no_name(client: httpx.AsyncClient, path: str) -> None:
    for name in NO_NAMES:
        refused(await client.get(path.format(name)), 422, "invalid_request")


async def test_names_in_bodies_are_read_alike(client: httpx.AsyncClient) -> None:
    guest = {"discovers_implementations": True}
    for name in ("H1", "", "a_b", "a" * 254, 7, None):
        assert pointers(await client.post("/v1/vms/vm-1/boots", json={"host": name})) == ["/host"]
        assert pointers(await client.post("/v1/vms/vm-1/migrations", json={"target": name})) == ["/target"]
        placement = {"include_hosts": [name], "exclude_hosts": ["h1", name]}
        answer = await client.put("/v1/vms/vm-1", json={"guest": guest, "placement": placement})
        assert pointers(answer) == ["/placement/include_hosts/0", "/placement/exclude_hosts/1"]
