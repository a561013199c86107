"""A list never weakens the guest: what must not stand beside the boot host's CPUs is left out and named (rule 12)."""

import httpx
import pytest

from tests.api.talk import (
    N1,
    V1,
    Json,
    Triple,
    boot,
    close,
    codes,
    done,
    get,
    group,
    put_host,
    put_vm,
    refused,
    stop,
    triples,
    vm,
)

pytestmark = pytest.mark.anyio

# N3 can change page sizes in place (BBM level 3), N1 cannot; measured on real kernels, as is the next pair.
N3: Triple = (0x410FD8E0, 0, 0)
A57: Triple = (0x411FD071, 0, 0)
BBML3, KPTI = "ARM64_HAS_BBML3", "ARM64_UNMAP_KERNEL_AT_EL0"


@pytest.fixture
async def mixed(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A fleet in which N1 and V1 may stand together, and neither N3 nor A57 beside them."""
    for name, implementation in (("h1", N1), ("h2", V1), ("h3", N3), ("h4", A57), ("h5", N3)):
        await put_host(client, name, implementation)
    await put_vm(client, "vm-1")
    return client


async def test_what_would_weaken_the_guest_is_left_out_and_named(mixed: httpx.AsyncClient) -> None:
    sealed = await boot(mixed, "vm-1", "h1")
    assert triples(sealed["implementations"]) == [N1, V1]
    left = {triples([each["implementation"]])[0]: (each["hosts"], each["hazards"]) for each in sealed["left_out"]}
    assert left == {N3: (2, [BBML3]), A57: (1, [KPTI])}
    assert sealed["accepted_hazards"] == []
    assert (await get(mixed, "/v1/vms/vm-1/boots/1"))["left_out"] == sealed["left_out"]


async def test_what_was_left_out_is_no_target_and_says_why(mixed: httpx.AsyncClient) -> None:
    await boot(mixed, "vm-1", "h1")
    assert (await get(mixed, "/v1/vms/vm-1/targets"))["total"] == 1
    unlisted, weakening = (await get(mixed, "/v1/vms/vm-1/targets/h3"))["reasons"]
    assert codes([unlisted, weakening]) == ["implementation_not_listed", "would_weaken_guest"]
    assert BBML3 in weakening["detail"]
    assert weakening["lasting"] is True
    counted = {item["code"]: item["hosts"] for item in (await get(mixed, "/v1/vms/vm-1/rejections"))["items"]}
    assert (counted["implementation_not_listed"], counted["would_weaken_guest"]) == (3, 3)
    answer = await mixed.post("/v1/vms/vm-1/migrations", json={"target": "h4"})
    assert "would_weaken_guest" in codes(refused(answer, 409, "not_a_target")["reasons"])


async def test_an_accepted_hazard_is_shown_in_every_later_answer(mixed: httpx.AsyncClient) -> None:
    await mixed.put("/v1/vms/vm-1", json=vm({"accept_hazards": [BBML3]}))
    sealed = await boot(mixed, "vm-1", "h1")
    assert triples(sealed["implementations"]) == [N1, N3, V1]
    assert [triples([each["implementation"]]) for each in sealed["left_out"]] == [[A57]]
    for path in ("", "/implementation-list", "/boots/1", "/targets", "/targets/h3", "/rejections"):
        assert (await get(mixed, f"/v1/vms/vm-1{path}"))["accepted_hazards"] == [BBML3], path
    targets = (await get(mixed, "/v1/vms/vm-1/targets"))["items"]
    assert [item["host"] for item in targets] == ["h2", "h3", "h5"]
    await mixed.put("/v1/vms/vm-1", json=vm())
    assert (await get(mixed, "/v1/vms/vm-1"))["accepted_hazards"] == [BBML3]


async def test_a_hazard_that_nothing_calls_for_is_not_shown_as_accepted(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", N1)
    await put_vm(client, "vm-1", {"accept_hazards": [BBML3]})
    assert (await boot(client, "vm-1", "h1"))["accepted_hazards"] == []


async def test_a_hazard_that_no_table_is_called_is_warned_about(client: httpx.AsyncClient) -> None:
    created = await put_vm(client, "vm-1", {"accept_hazards": ["ARM64_HAS_BBML4"]})
    assert [warning["code"] for warning in created["warnings"]] == ["unknown_hazard"]


async def test_a_boot_host_that_mixes_both_is_refused_unless_pinned_or_accepted(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", group(N1, "0-3"), group(N3, "4-7"))
    await put_vm(client, "vm-1")
    answer = await client.post("/v1/vms/vm-1/boots", json={"host": "h1"})
    (reason,) = refused(answer, 409, "boot_refused")["reasons"]
    assert reason["code"] == "hazard_on_boot_host"
    assert BBML3 in reason["detail"]
    for cpus, own in (("0-3", N1), ("4-7", N3)):
        sealed = await boot(client, "vm-1", "h1", cpus=cpus)
        assert triples(sealed["implementations"]) == [own]
        assert len(sealed["left_out"]) == 1
        await stop(client, "vm-1")
    await client.put("/v1/vms/vm-1", json=vm({"accept_hazards": [BBML3]}))
    sealed = await boot(client, "vm-1", "h1")
    assert (triples(sealed["implementations"]), sealed["accepted_hazards"]) == ([N1, N3], [BBML3])


async def test_the_boot_host_decides_which_side_is_listed(mixed: httpx.AsyncClient) -> None:
    sealed = await boot(mixed, "vm-1", "h3")
    assert triples(sealed["implementations"])[0] == N3
    assert N1 not in triples(sealed["implementations"])
    await stop(mixed, "vm-1")
    answer = await mixed.post(
        "/v1/placements:preview", json={"host": "h1", "guest": {"discovers_implementations": True}}
    )
    assert done(answer)["implementation_list"]["count"] == 2


async def test_homogeneous_boots_leave_nothing_out(mixed: httpx.AsyncClient) -> None:
    await mixed.put("/v1/vms/vm-1", json=vm(discovers=False))
    sealed: Json = await boot(mixed, "vm-1", "h1")
    assert sealed["left_out"] == []
    verdict = await get(mixed, "/v1/vms/vm-1/targets/h3")
    assert codes(verdict["reasons"]) == ["implementation_not_listed", "guest_cannot_discover"]


async def test_what_was_left_out_does_not_count_against_the_limit(mixed: httpx.AsyncClient) -> None:
    await mixed.put("/v1/vms/vm-1", json=vm({"max_implementations": 2}))
    assert (await boot(mixed, "vm-1", "h1"))["count"] == 2


async def test_a_guest_that_moved_keeps_the_side_it_booted_on(mixed: httpx.AsyncClient) -> None:
    await boot(mixed, "vm-1", "h1")
    migration = done(await mixed.post("/v1/vms/vm-1/migrations", json={"target": "h2"}))
    await close(mixed, migration, "complete")
    assert [item["host"] for item in (await get(mixed, "/v1/vms/vm-1/targets"))["items"]] == ["h1"]
