"""What the guest hears when it asks, call by call."""

import httpx
import pytest

from tests.api.talk import N1, N1_NEW, N2, Json, Triple, boot, done, get, pointers, put_host, put_vm, refused, stop

pytestmark = pytest.mark.anyio

PATH = "/v1/vms/vm-1/hypercalls"
NOT_SUPPORTED = [2**64 - 1, 0, 0, 0]
INVALID_PARAMETER = [2**64 - 3, 0, 0, 0]
VERSION, CPUS, NUMBER, TARGETS = 0xC6000040, 0xC6000041, 0xC600007D, 0xC600007E
ONE_CALL = "DISCOVER_IMPLEMENTATION"


async def started(client: httpx.AsyncClient, *implementations: Triple, discovers: bool = True) -> None:
    """Boot vm-1 on a host of the first implementation, in a fleet of all of them, given in their order."""
    for number, implementation in enumerate(implementations):
        await put_host(client, f"h{number}", implementation)
    await put_vm(client, "vm-1", {"max_implementations": 1000}, discovers=discovers)
    await boot(client, "vm-1", "h0")


async def call(client: httpx.AsyncClient, abi: str, function: int | str, *arguments: int | str) -> list[int]:
    body = {"abi": abi, "function_id": function, "arguments": list(arguments)}
    returned = done(await client.post(PATH, json=body), 200)["returns"]
    assert all(len(register) == 18 for register in returned)
    return [int(register, 16) for register in returned]


async def test_kvm(client: httpx.AsyncClient) -> None:
    await started(client, N2, N1, N1_NEW)
    assert await call(client, "kvm", VERSION) == [0, 0x10000, 3, 0]
    for index, implementation in enumerate((N2, N1, N1_NEW)):
        assert await call(client, "kvm", CPUS, index) == [0, *implementation]
        assert await call(client, "kvm", CPUS, hex(index), "0x0", "0x0") == [0, *implementation]
    for index in (3, 4, 2**32, 2**64 - 1):
        assert await call(client, "kvm", CPUS, index) == INVALID_PARAMETER
    for reserved in ((1, 0), (0, 1), (2**63, 0), (5, 5)):
        assert await call(client, "kvm", CPUS, 0, *reserved) == INVALID_PARAMETER


async def test_missing_arguments_are_zero(client: httpx.AsyncClient) -> None:
    await started(client, N2, N1)
    assert await call(client, "kvm", CPUS) == [0, *N2]
    assert await call(client, "discover-implementation", ONE_CALL) == [1, N2[0], N2[1], 0]
    body = done(await client.post(PATH, json={"function_id": "0xC6000040"}))
    assert body["returns"][2] == "0x0000000000000002"


async def test_the_contract_s_own_example(client: httpx.AsyncClient) -> None:
    await started(client, N2, N1)
    body = {"abi": "kvm", "function_id": "0xc6000041", "arguments": ["0x1", "0x0", "0x0"]}
    zero = "0x0000000000000000"
    assert (await client.post(PATH, json=body)).json() == {"returns": [zero, "0x00000000413fd0c1", zero, zero]}


async def test_unknown_functions(client: httpx.AsyncClient) -> None:
    await started(client, N1)
    for abi, function in (
        ("kvm", 0),
        ("kvm", 0xC6000042),
        ("kvm", NUMBER),
        ("kvm", ONE_CALL),
        ("kvm", 2**64 - 1),
        ("rfc-v2", VERSION),
        ("rfc-v2", 0xC600007F),
        ("discover-implementation", VERSION),
    ):
        assert await call(client, abi, function) == NOT_SUPPORTED


async def test_the_one_call_proposal(client: httpx.AsyncClient) -> None:
    await started(client, N2, N1, N1_NEW)
    for index, (midr, revidr, _) in enumerate((N2, N1, N1_NEW)):
        assert await call(client, "discover-implementation", ONE_CALL, index) == [2, midr, revidr, 0]
    for index in (3, 2**64 - 1):
        assert await call(client, "discover-implementation", ONE_CALL, index) == NOT_SUPPORTED


async def test_rfc_v2(client: httpx.AsyncClient) -> None:
    listed = [(N1[0], revidr, 0) for revidr in range(6)]
    await started(client, *listed)
    packed = [revidr << 32 | midr for midr, revidr, _ in listed]
    assert await call(client, "rfc-v2", NUMBER) == [0x10000 << 32 | 6, 0, 0, 0]
    assert await call(client, "rfc-v2", TARGETS, 0) == packed[:4]
    assert await call(client, "rfc-v2", TARGETS, 4) == [*packed[4:], 0, 0]
    assert await call(client, "rfc-v2", TARGETS, 6) == [0, 0, 0, 0]
    assert await call(client, "rfc-v2", TARGETS, 5) == [packed[5], 0, 0, 0]


@pytest.mark.parametrize("wide", [(2**32 | N1[0], 0, 0), (N1[0], 2**32, 0)])
async def test_rfc_v2_cannot_tell_wide_registers(client: httpx.AsyncClient, wide: Triple) -> None:
    await started(client, N1, wide)
    for function in (NUMBER, TARGETS):
        answer = await client.post(PATH, json={"abi": "rfc-v2", "function_id": function})
        refused(answer, 409, "not_representable")
    refused(await client.get(PATH, params={"abi": "rfc-v2"}), 409, "not_representable")
    assert await call(client, "rfc-v2", VERSION) == NOT_SUPPORTED
    assert await call(client, "kvm", VERSION) == [0, 0x10000, 2, 0]


async def test_rfc_v2_cannot_tell_more_than_sixty_four(client: httpx.AsyncClient) -> None:
    await started(client, *((N1[0], revidr, 0) for revidr in range(64)))
    assert (await call(client, "rfc-v2", NUMBER))[0] == 0x10000 << 32 | 64
    await stop(client, "vm-1")
    await put_host(client, "one-more", (N1[0], 64, 0))
    await boot(client, "vm-1", "h0")
    answer = await client.post(PATH, json={"abi": "rfc-v2", "function_id": NUMBER})
    refused(answer, 409, "not_representable")
    assert (await call(client, "discover-implementation", ONE_CALL))[0] == 64


@pytest.mark.parametrize(
    ("abi", "names"),
    [
        ("kvm", ["DISCOVER_IMPL_VER", *["DISCOVER_IMPL_CPUS"] * 5]),
        ("discover-implementation", [ONE_CALL] * 5),
        ("rfc-v2", ["MIGRN_TARGET_NUM", *["MIGRN_TARGET_CPUS"] * 2]),
    ],
)
async def test_every_call_that_a_guest_makes(client: httpx.AsyncClient, abi: str, names: list[str]) -> None:
    await started(client, *((N1[0], revidr, 0) for revidr in range(5)))
    told = await get(client, PATH, abi=abi)
    assert (told["vm"], told["boot"], told["abi"], told["mode"]) == ("vm-1", 1, abi, "discoverable")
    assert [each["name"] for each in told["calls"]] == names
    for each in told["calls"]:
        body = {"abi": abi, "function_id": each["function_id"], "arguments": each["arguments"]}
        assert (await client.post(PATH, json=body)).json() == {"returns": each["returns"]}


async def test_kvm_by_default(client: httpx.AsyncClient) -> None:
    await started(client, N1)
    assert await get(client, PATH) == await get(client, PATH, abi="kvm")


@pytest.mark.parametrize("abi", ["kvm", "discover-implementation", "rfc-v2"])
async def test_homogeneous_vms_hear_nothing(client: httpx.AsyncClient, abi: str) -> None:
    await started(client, (2**40 | N1[0], 0, 0), discovers=False)
    for function in (VERSION, CPUS, NUMBER, TARGETS, ONE_CALL, 0x12345678):
        assert await call(client, abi, function) == NOT_SUPPORTED
    told = await get(client, PATH, abi=abi)
    assert told["mode"] == "homogeneous"
    for each in told["calls"]:
        assert [int(register, 16) for register in each["returns"]] == NOT_SUPPORTED


async def test_without_a_boot_there_is_nothing_to_hear(client: httpx.AsyncClient) -> None:
    body = {"abi": "kvm", "function_id": VERSION}

    async def both(code: str) -> None:
        refused(await client.get(PATH), 404, code)
        refused(await client.post(PATH, json=body), 404, code)

    await both("vm_not_found")
    await put_vm(client, "vm-1")
    await both("no_current_list")
    await put_host(client, "h1")
    await boot(client, "vm-1", "h1")
    assert (await call(client, "kvm", VERSION))[0] == 0
    await stop(client, "vm-1")
    await both("no_current_list")


async def test_faulty_calls(client: httpx.AsyncClient) -> None:
    def body(**fields: object) -> Json:
        return {"function_id": VERSION} | fields

    for faulty, pointer in (
        ({}, "/function_id"),
        (body(function_id=-1), "/function_id"),
        (body(function_id=2**64), "/function_id"),
        (body(function_id="3355443264"), "/function_id"),
        (body(function_id="DISCOVER"), "/function_id"),
        (body(function_id=None), "/function_id"),
        (body(function_id=True), "/function_id"),
        (body(abi="KVM"), "/abi"),
        (body(arguments=[-1]), "/arguments/0"),
        (body(arguments=["1"]), "/arguments/0"),
        (body(arguments="0x1"), "/arguments"),
        (body(x1=0), "/x1"),
    ):
        assert pointers(await client.post(PATH, json=faulty)) == [pointer]
