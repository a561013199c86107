"""An AIDR that a report did not read stays what it was stated to be; only null says that it is unknown."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import httpx
import pytest

from roadstead.collector.cpus import joined
from roadstead.collector.report import CpuGroup, HostReport
from tests.api.talk import ABLE, N1, V1, Json, boot, done, get, group, import_hosts, patch_host, put_host, put_vm

pytestmark = pytest.mark.anyio

STATED = (N1[0], 0, 0x551)
UNREAD: Json = {"midr": "0x413fd0c1", "revidr": "0x0"}
OTHERWISE = {"revidr": "0x7"}

Report = Callable[[httpx.AsyncClient, list[Json]], Awaitable[object]]


async def put(client: httpx.AsyncClient, cpus: list[Json]) -> object:
    return await put_host(client, "h1", *cpus)


async def patch(client: httpx.AsyncClient, cpus: list[Json]) -> object:
    return await patch_host(client, "h1", cpus=cpus)


async def bring_in(client: httpx.AsyncClient, cpus: list[Json]) -> object:
    return done(await import_hosts(client, json.dumps({"name": "h1", "cpus": cpus, "capabilities": ABLE})))


WAYS = pytest.mark.parametrize("report", [put, patch, bring_in])


async def aidrs(client: httpx.AsyncClient, host: str = "h1") -> list[int | None]:
    shown = await get(client, f"/v1/hosts/{host}")
    known = [None if each["aidr"] is None else int(each["aidr"], 16) for each in shown["cpus"]]
    assert shown["identity_complete"] == (None not in known)
    return known


async def exposed(client: httpx.AsyncClient) -> bool:
    return bool((await get(client, "/v1/vms/vm-1"))["exposed"])


@pytest.fixture
async def running(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A VM runs on h1, whose AIDR an operator has stated."""
    await put_host(client, "h1", STATED)
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    return client


@WAYS
async def test_a_report_that_read_nothing_new_exposes_no_vm(running: httpx.AsyncClient, report: Report) -> None:
    for cpus in ([UNREAD], [UNREAD | {"cpu_list": "0-63"}], [UNREAD | {"cpu_list": "0-31"}]):
        await report(running, cpus)
        assert await aidrs(running) == [0x551]
        assert not await exposed(running)


@WAYS
async def test_the_same_report_again_is_a_heartbeat(running: httpx.AsyncClient, report: Report) -> None:
    before = await get(running, "/v1/hosts/h1")
    await report(running, [UNREAD])
    after = await get(running, "/v1/hosts/h1")
    assert after["fleet_revision"] == before["fleet_revision"]
    assert after["updated_at"] == before["updated_at"]


@WAYS
async def test_null_says_that_it_is_unknown(running: httpx.AsyncClient, report: Report) -> None:
    await report(running, [UNREAD | {"aidr": None}])
    assert await aidrs(running) == [None]
    assert await exposed(running)
    await report(running, [UNREAD])
    assert await aidrs(running) == [None]
    await report(running, [UNREAD | {"aidr": "0x551"}])
    assert not await exposed(running)


@WAYS
async def test_of_other_cpus_it_is_not_known(running: httpx.AsyncClient, report: Report) -> None:
    await report(running, [UNREAD | OTHERWISE])
    assert await aidrs(running) == [None]
    assert await exposed(running)
    await report(running, [UNREAD])
    assert await aidrs(running) == [None]


@WAYS
async def test_each_kind_of_cpu_keeps_its_own(client: httpx.AsyncClient, report: Report) -> None:
    little, big = group(STATED, "0-3"), group((V1[0], 1, 0x7), "4-7")
    await put_host(client, "h1", little, big)
    unread = [{name: value for name, value in each.items() if name != "aidr"} for each in (little, big)]
    await report(client, unread)
    assert await aidrs(client) == [0x551, 0x7]
    await report(client, [unread[0], unread[1] | OTHERWISE])
    assert await aidrs(client) == [0x551, None]
    await report(client, [unread[0] | {"aidr": "0x0"}, unread[1]])
    assert await aidrs(client) == [0x0, None]


async def test_a_host_that_is_not_there_has_nothing_stated(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", STATED)
    await client.delete("/v1/hosts/h1")
    await put_host(client, "h1", UNREAD)
    assert await aidrs(client) == [None]


async def test_what_a_collector_sends_from_an_older_kernel(running: httpx.AsyncClient) -> None:
    seen = HostReport(
        cpus=(CpuGroup("0-63", "0x00000000413fd0c1", "0x0000000000000000", None),),
        writable_id_registers=True,
        discovery_hypercalls=None,
        kernel_release="6.15.4",
        vmm=None,
        observed_at=datetime(2026, 11, 22, 10, tzinfo=UTC),
    )
    await patch_host(running, "h1", **seen.merge_patch())
    assert await aidrs(running) == [0x551]
    assert not await exposed(running)


async def test_hosts_of_one_import_keep_each_their_own(client: httpx.AsyncClient) -> None:
    stated = {"a": 0x1, "b": 0x2, "c": None, "d": 0x4, "e": 0x5}
    for name, aidr in stated.items():
        await put_host(client, name, (N1[0], 0, aidr), labels={"zone": name})
    reported = {"a": UNREAD, "b": UNREAD, "c": UNREAD, "d": UNREAD | {"aidr": None}, "e": UNREAD | OTHERWISE}
    reported["new"] = UNREAD
    lines = "\n".join(
        json.dumps(
            {"name": name, "cpus": [cpus], "capabilities": ABLE, "labels": {"zone": name if name != "b" else "z"}}
        )
        for name, cpus in reported.items()
    )
    rehearsed = done(await import_hosts(client, lines, dry_run="true"))
    imported = done(await import_hosts(client, lines))
    for answer in (rehearsed, imported):
        assert (answer["created"], answer["updated"], answer["unchanged"]) == (1, 3, 2)
    known = {name: await aidrs(client, name) for name in reported}
    assert known == {"a": [0x1], "b": [0x2], "c": [None], "d": [None], "e": [None], "new": [None]}
    assert (await get(client, "/v1/hosts/b"))["labels"] == {"zone": "z"}


async def test_an_import_of_many_hosts_that_read_none(client: httpx.AsyncClient) -> None:
    def lines(cpus: Json) -> str:
        return "".join(json.dumps({"name": f"h{number}", "cpus": [cpus]}) + "\n" for number in range(4_100))

    done(await import_hosts(client, lines(group(STATED))))
    again = done(await import_hosts(client, lines(UNREAD)))
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 4_100)
    assert await aidrs(client, "h4099") == [0x551]


# ------------------------------------------------------------------------------------ what a report remarks of its CPUs

REMARKS = "AIDR_EL1 0x0000000000000551 of CPU 0-3 as stated"


async def remarks(client: httpx.AsyncClient, **changes: object) -> object:
    await put_host(client, "h1", STATED, remarks=REMARKS)
    return (await patch_host(client, "h1", **changes))["remarks"]


async def test_remarks_stay_while_the_cpus_are_not_reported_anew(client: httpx.AsyncClient) -> None:
    assert await remarks(client, state="cordoned") == REMARKS


async def test_remarks_stay_where_a_report_leans_on_what_was_stated(client: httpx.AsyncClient) -> None:
    assert await remarks(client, cpus=[UNREAD]) == REMARKS


async def test_a_report_that_read_everything_has_no_remarks_but_its_own(client: httpx.AsyncClient) -> None:
    assert await remarks(client, cpus=[group(STATED)]) is None
    assert await remarks(client, cpus=[group(STATED)], remarks="CPU 4-5 left out as stated") == (
        "CPU 4-5 left out as stated"
    )


async def test_remarks_can_be_taken_away(client: httpx.AsyncClient) -> None:
    assert await remarks(client, remarks=None) is None


async def test_the_longest_remarks_of_the_collector_are_taken(client: httpx.AsyncClient) -> None:
    every_second = ",".join(map(str, range(0, 4096, 2)))
    line = joined([f"CPU {every_second} left out as stated"])
    assert await remarks(client, remarks=line) == line
