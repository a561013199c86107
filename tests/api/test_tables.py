"""What answers say of the tables: since which kernel, by which options, and by which names. From real machines."""

import httpx
import pytest

from tests.api.talk import Triple, boot, get, group, host, put_host, put_vm, refused, vm

pytestmark = pytest.mark.anyio

A53_FIXED: Triple = (0x410FD034, 0x180, 0)
A725: Triple = (0x410FD871, 1, 0)
X925: Triple = (0x410FD851, 0, 0)
GRAVITON4: Triple = (0x410FD4F1, 0x17, 0)
EFFECTS = "/v1/vms/vm-1/implementation-list/effects"
SSBS = "ARM64_WORKAROUND_SPECULATIVE_SSBS"


@pytest.mark.parametrize(
    ("kernel", "applying", "notes"),
    [
        ("6.18.50", ["ARM64_WORKAROUND_843419"], ["revidr_ignored", "older_than_tables"]),
        ("6.18.51", [], ["older_than_tables"]),
        ("7.1.13", ["ARM64_WORKAROUND_843419"], ["revidr_ignored", "older_than_tables"]),
        ("7.2.4", ["ARM64_WORKAROUND_843419"], ["revidr_ignored", "older_than_tables"]),
        ("7.2.5", [], ["older_than_tables"]),
        ("7.3", [], []),
    ],
)
async def test_stable_updates_that_honour_revidr(
    client: httpx.AsyncClient, kernel: str, applying: list[str], notes: list[str]
) -> None:
    await put_host(client, "a53", A53_FIXED)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "a53")
    found = await get(client, EFFECTS, kernel=kernel)
    assert [each["id"] for each in found["applies"]] == [*applying, "ARM64_WORKAROUND_845719"]
    assert [note["code"] for note in found["notes"]] == notes


async def test_a_hazard_of_newer_kernels_refuses_an_older_guest_too_and_says_since_when(
    client: httpx.AsyncClient,
) -> None:
    await client.put("/v1/hosts/spark-1", json=host(group(A725, "0-4,10-14"), group(X925, "5-9,15-19")))
    guest = {"discovers_implementations": True, "kernel_release": "6.18.15-generic"}
    await client.put("/v1/vms/vm-1", json={**vm(), "guest": guest})
    answer = await client.post("/v1/vms/vm-1/boots", json={"host": "spark-1"})
    (reason,) = refused(answer, 409, "boot_refused")["reasons"]
    assert reason["code"] == "hazard_on_boot_host"
    assert "ARM64_HAS_BBML3 has Arm Cortex-A725 r0p1 since Linux 7.3" in reason["detail"]
    assert "an older guest that is updated inside its VM reads the same list" in reason["detail"]


async def test_an_accepted_hazard_can_be_judged_by_the_kernel_that_it_begins_with(client: httpx.AsyncClient) -> None:
    await client.put("/v1/hosts/spark-1", json=host(group(A725, "0-4,10-14"), group(X925, "5-9,15-19")))
    await put_vm(client, "vm-1", {"accept_hazards": ["ARM64_HAS_BBML3"]})
    await boot(client, "vm-1", "spark-1")
    older, newest = await get(client, EFFECTS, kernel="6.18.15"), await get(client, EFFECTS)
    assert (older["hazards"], newest["hazards"]) == ([], ["ARM64_HAS_BBML3"])
    assert [(each["id"], each["since"]) for each in newest["believes_safe"]] == [("ARM64_HAS_BBML3", "7.3")]
    assert "not_yet_listed" in [note["code"] for note in older["notes"]]
    table = await get(client, "/v1/errata/ARM64_HAS_BBML3")
    since = {(each["implementer"], each["part"]): each["since"] for each in table["ranges"]}
    assert (table["since"], since["0x41", "0xd87"], since["0xc0", "0xac3"]) == ("6.17", "7.3", "6.18")


async def test_what_a_kernel_option_can_build_out_is_said(client: httpx.AsyncClient) -> None:
    await put_host(client, "g4", GRAVITON4)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "g4")
    found = await get(client, EFFECTS, kernel="6.18.38")
    applied = {each["id"]: each["config"] for each in found["applies"]}
    assert applied[SSBS] == ["CONFIG_ARM64_ERRATUM_3194386"]
    assert (await get(client, f"/v1/errata/{SSBS}"))["config"] == ["CONFIG_ARM64_ERRATUM_3194386"]
    items = {each["id"]: each for each in (await get(client, "/v1/errata"))["items"]}
    ranges = items["ARM64_WORKAROUND_CLEAN_CACHE"]["ranges"]
    assert ranges[1]["config"] == ["CONFIG_ARM64_ERRATUM_819472"]


@pytest.mark.parametrize(
    ("midr", "name"),
    [
        (0x512F0021, "Qualcomm Oryon Gen 3 r2p1"),
        (0x482FD422, "HiSilicon TaiShan v120 r2p2"),
        (0x482FD022, "HiSilicon TaiShan (HIP09) r2p2"),
        (0x700F8720, "Phytium FTC872 r0p0"),
    ],
)
async def test_cpus_that_had_no_name_or_a_misleading_one(client: httpx.AsyncClient, midr: int, name: str) -> None:
    stored = await put_host(client, "h1", (midr, 0, 0))
    assert [each["name"] for each in stored["implementations"]] == [name]
