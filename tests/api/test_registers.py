"""The forms in which registers and names go in and come out."""

import httpx
import pytest

from tests.api.talk import done, pointers, refused

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
    return {"midr": "0x1", "revidr": "0x0", "aidr": "0x0", register: value}


@pytest.mark.parametrize("register", REGISTERS)
async def test_registers_in_and_out(client: httpx.AsyncClient, register: str) -> None:
    for written, shown in WRITTEN.items():
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


async def test_only_aidr_may_be_unknown(client: httpx.AsyncClient) -> None:
    host = done(await client.put("/v1/hosts/h1", json={"cpus": [with_register("aidr", None)]}))
    assert host["cpus"][0]["aidr"] is None
    assert host["implementations"][0]["aidr"] is None
    assert host["identity_complete"] is False
    for register in ("midr", "revidr"):
        answer = await client.put("/v1/hosts/h1", json={"cpus": [with_register(register, None)]})
        assert pointers(answer) == [f"/cpus/0/{register}"]


async def test_an_aidr_left_out_is_unknown_and_never_zero(client: httpx.AsyncClient) -> None:
    host = done(await client.put("/v1/hosts/h1", json={"cpus": [{"midr": "0x1", "revidr": "0x0"}]}))
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
