"""What a VMM must expose, in every form it is needed in."""

import hashlib
import struct

import httpx
import pytest

from tests.api.talk import (
    N1,
    N1_NEW,
    N2,
    Json,
    admit,
    boot,
    close,
    done,
    get,
    put_host,
    put_vm,
    refused,
    stop,
    triples,
)

pytestmark = pytest.mark.anyio

CURRENT = "/v1/vms/vm-1/implementation-list"
BOOT = "/v1/vms/vm-1/boots/1"
QEMU = (
    "impl-cpu.0.midr=0x413fd0c1,impl-cpu.0.revidr=0x0,impl-cpu.0.aidr=0x0,"
    "impl-cpu.1.midr=0x410fd490,impl-cpu.1.revidr=0x0,impl-cpu.1.aidr=0x0,"
    "impl-cpu.2.midr=0x413fd0c1,impl-cpu.2.revidr=0x1,impl-cpu.2.aidr=0x0"
)
BINARY = struct.pack(">9Q", *N1, *N2, *N1_NEW)
DIGEST = "sha256:" + hashlib.sha256(BINARY).hexdigest()
BY_DIGEST = f"/v1/implementation-lists/{DIGEST}"
IMMUTABLE = "public, max-age=31536000, immutable"


@pytest.fixture
async def sealed(client: httpx.AsyncClient) -> Json:
    """The list of vm-1, which runs on h1: N1, N2, N1 with another REVIDR."""
    await put_host(client, "h1", N1)
    await put_host(client, "h2", N1_NEW)
    await put_host(client, "h3", N2)
    await put_vm(client, "vm-1")
    return await boot(client, "vm-1", "h1")


async def test_the_list_in_force(client: httpx.AsyncClient, sealed: Json) -> None:
    assert sealed["digest"] == DIGEST
    for path in (CURRENT, BOOT):
        answer = await client.get(path)
        assert answer.headers["Content-Type"] == "application/json"
        assert done(answer) == sealed
        assert (await client.get(path, params={"format": "json"})).content == answer.content


async def test_by_digest_there_is_only_the_content(client: httpx.AsyncClient, sealed: Json) -> None:
    content = {field: sealed[field] for field in ("version", "count", "implementations", "digest")}
    for digest in (DIGEST, DIGEST.removeprefix("sha256:")):
        answer = await client.get(f"/v1/implementation-lists/{digest}")
        assert done(answer) == content
        assert answer.headers["Cache-Control"] == IMMUTABLE
        assert answer.headers["ETag"] == f'"{DIGEST}"'


@pytest.mark.parametrize("path", [CURRENT, BOOT, BY_DIGEST])
async def test_other_forms(client: httpx.AsyncClient, sealed: Json, path: str) -> None:
    qemu = await client.get(path, params={"format": "qemu"})
    assert (qemu.text, qemu.headers["Content-Type"]) == (QEMU, "text/plain; charset=utf-8")
    binary = await client.get(path, params={"format": "binary"})
    assert (binary.content, binary.headers["Content-Type"]) == (BINARY, "application/octet-stream")


@pytest.mark.parametrize("form", ["json", "qemu", "binary"])
async def test_every_form_by_digest_is_immutable(client: httpx.AsyncClient, sealed: Json, form: str) -> None:
    first = await client.get(BY_DIGEST, params={"format": form})
    again = await client.get(BY_DIGEST, params={"format": form})
    assert again.content == first.content
    for answer in (first, again):
        assert answer.headers["Cache-Control"] == IMMUTABLE
        assert answer.headers["ETag"] == f'"{DIGEST}"'
    unchanged = await client.get(BY_DIGEST, params={"format": form}, headers={"If-None-Match": f'"{DIGEST}"'})
    assert (unchanged.status_code, unchanged.headers["Cache-Control"]) == (304, IMMUTABLE)


async def test_tags_of_a_vm_s_list_tell_boots_and_forms_apart(client: httpx.AsyncClient, sealed: Json) -> None:
    async def tags() -> set[str]:
        forms = [await client.get(CURRENT, params={"format": form}) for form in ("json", "qemu", "binary")]
        # What is in force may change, so it must be asked for each time.
        assert {answer.headers["Cache-Control"] for answer in forms} == {"no-cache"}
        return {answer.headers["ETag"] for answer in forms}

    first = await tags()
    assert len(first) == 3
    assert await tags() == first
    old = next(iter(first))
    await stop(client, "vm-1")
    assert (await boot(client, "vm-1", "h1"))["digest"] == sealed["digest"]
    second = await tags()
    assert len(first | second) == 6
    assert (await client.get(CURRENT, headers={"If-None-Match": old})).status_code == 200


async def test_a_vm_of_the_same_name_does_not_get_the_old_list(client: httpx.AsyncClient, sealed: Json) -> None:
    tag = (await client.get(CURRENT)).headers["ETag"]
    await stop(client, "vm-1")
    await client.delete("/v1/vms/vm-1")
    await put_vm(client, "vm-1")
    refused(await client.get(CURRENT), 404, "no_current_list")
    again = await boot(client, "vm-1", "h2")
    assert await get(client, CURRENT) == again
    assert (await client.get(CURRENT, headers={"If-None-Match": tag})).status_code == 200


async def test_the_list_in_force_through_the_life_of_a_vm(client: httpx.AsyncClient) -> None:
    for name, implementation in (("h1", N1), ("h2", N2)):
        await put_host(client, name, implementation)
    refused(await client.get(CURRENT), 404, "vm_not_found")
    await put_vm(client, "vm-1")
    refused(await client.get(CURRENT), 404, "no_current_list")
    sealed = await boot(client, "vm-1", "h1")
    assert await get(client, CURRENT) == sealed
    migration = await admit(client, "vm-1", "h2")
    assert await get(client, CURRENT) == sealed
    await close(client, migration, "complete")
    # It travels: still the list of the boot on h1, with what the vCPUs presented there.
    assert await get(client, CURRENT) == sealed
    await stop(client, "vm-1")
    refused(await client.get(CURRENT), 404, "no_current_list")
    assert triples((await boot(client, "vm-1", "h2"))["implementations"]) == [N2, N1]


async def test_in_homogeneous_mode_qemu_is_given_nothing(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_vm(client, "vm-1", discovers=False)
    sealed = await boot(client, "vm-1", "h1")
    for path in (CURRENT, BOOT):
        refused(await client.get(path, params={"format": "qemu"}), 409, "hypercalls_hidden")
        assert (await client.get(path, params={"format": "binary"})).content == struct.pack(">3Q", *N1)
        assert done(await client.get(path)) == sealed
    # The content knows of no mode.
    by_digest = await client.get(f"/v1/implementation-lists/{sealed['digest']}", params={"format": "qemu"})
    assert by_digest.text == "impl-cpu.0.midr=0x413fd0c1,impl-cpu.0.revidr=0x0,impl-cpu.0.aidr=0x0"


async def test_a_list_that_was_never_sealed(client: httpx.AsyncClient) -> None:
    for digest in ("sha256:" + "0" * 64, "0" * 64, "0" * 63, "sha512:" + "0" * 64, "A" * 64, "x", "%00"):
        for form in ("json", "qemu", "binary"):
            answer = await client.get(f"/v1/implementation-lists/{digest}", params={"format": form})
            refused(answer, 404, "implementation_list_not_found")


async def test_every_bit_survives(client: httpx.AsyncClient) -> None:
    wide = (2**64 - 2, 2**63 | 1, 0x0123_4567_89AB_CDEF)
    await put_host(client, "h1", wide)
    await put_vm(client, "vm-1")
    sealed = await boot(client, "vm-1", "h1")
    assert triples(sealed["implementations"]) == [wide]
    assert (await client.get(CURRENT, params={"format": "binary"})).content == struct.pack(">3Q", *wide)
    assert (await client.get(CURRENT, params={"format": "qemu"})).text == (
        "impl-cpu.0.midr=0xfffffffffffffffe,impl-cpu.0.revidr=0x8000000000000001,impl-cpu.0.aidr=0x123456789abcdef"
    )
