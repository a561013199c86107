import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from app.settings import Settings
from tests.api.talk import (
    N1,
    N2,
    V1,
    Json,
    Triple,
    boot,
    done,
    get,
    group,
    host,
    import_hosts,
    pointers,
    put_host,
    put_vm,
    refused,
)
from tests.serving import serving
from tests.waiting import PATIENCE

pytestmark = pytest.mark.anyio

SEEN = "2026-11-22T10:00:00Z"
NDJSON = {"Content-Type": "application/x-ndjson"}


def line(name: str, *groups: Triple | Json, **fields: object) -> Json:
    return {"name": name, "observed_at": SEEN, **host(*groups, **fields)}


def ndjson(*lines: Json) -> str:
    return "".join(f"{json.dumps(each)}\n" for each in lines)


async def names(client: httpx.AsyncClient) -> list[str]:
    return [item["name"] for item in (await get(client, "/v1/hosts"))["items"]]


def counted(answer: httpx.Response) -> tuple[int, int, int, int]:
    body = done(answer, 200)
    return body["created"], body["updated"], body["unchanged"], body["fleet_revision"]


async def test_created_updated_unchanged(client: httpx.AsyncClient) -> None:
    assert counted(await import_hosts(client, ndjson(line("h1"), line("h2"), line("h3")))) == (3, 0, 0, 1)
    changed = ndjson(line("h1"), line("h2", N2), line("h3", state="cordoned"), line("h4"))
    assert counted(await import_hosts(client, changed)) == (1, 2, 1, 2)
    assert counted(await import_hosts(client, changed)) == (0, 0, 4, 2)
    assert (await get(client, "/v1/hosts"))["fleet_revision"] == 2
    revisions = [item["fleet_revision"] for item in (await get(client, "/v1/hosts"))["items"]]
    assert revisions == [1, 2, 2, 2]


async def test_an_imported_host_is_a_host_that_was_put(client: httpx.AsyncClient) -> None:
    body = host(group(N1, "0-3"), group(V1, "4-7"), labels={"a": "ü", "b": ""}, capacity={"vcpus": 8, "memory_mib": 1})
    body |= {"kernel_release": "6.17.3", "vmm": "qemu 10.2", "observed_at": SEEN, "state": "planned"}
    done(await import_hosts(client, ndjson(body | {"name": "h1"})))
    done(await client.put("/v1/hosts/h2", json=body))
    own = {"name", "fleet_revision", "created_at", "updated_at"}
    imported, put = (await get(client, "/v1/hosts"))["items"]
    assert {name: imported[name] for name in imported.keys() - own} == {name: put[name] for name in put.keys() - own}
    assert counted(await import_hosts(client, ndjson(body | {"name": "h2"}))) == (0, 0, 1, 2)
    assert done(await client.put("/v1/hosts/h1", json=body))["fleet_revision"] == 1


async def test_an_import_replaces_and_never_merges(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1", labels={"zone": "fra1"}, vmm="qemu 10.2")
    await import_hosts(client, ndjson(line("h1")))
    replaced = await get(client, "/v1/hosts/h1")
    assert (replaced["labels"], replaced["vmm"]) == ({}, None)


async def test_hosts_that_are_not_named_stay(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1")
    await import_hosts(client, ndjson(line("h2")))
    assert await names(client) == ["h1", "h2"]


async def test_a_line_that_only_tells_a_later_time_is_a_heartbeat(client: httpx.AsyncClient) -> None:
    await import_hosts(client, ndjson(line("h1")))
    before = await get(client, "/v1/hosts/h1")
    later = {"observed_at": "2026-11-22T11:00:00Z"}
    assert counted(await import_hosts(client, ndjson(line("h1") | later))) == (0, 0, 1, 1)
    assert await get(client, "/v1/hosts/h1") == before | later


@pytest.mark.parametrize(
    "body",
    [
        '{"name":"h1","cpus":[CPU]}\n{"name":"h2","cpus":[CPU]}\n',
        '{"name":"h1","cpus":[CPU]}\n{"name":"h2","cpus":[CPU]}',
        '{"name":"h1","cpus":[CPU]}\r\n{"name":"h2","cpus":[CPU]}\r\n',
        '\n\n{"name":"h1","cpus":[CPU]}\n  \n\r\n{"name":"h2","cpus":[CPU]}\n\n\n',
        ' {"cpus":[ CPU],\t"name":"h1"} \n{"name":"h2","cpus":[CPU]}',
    ],
    ids=["plain", "no last line end", "CRLF", "blank lines", "spaces"],
)
async def test_ways_to_write_lines(client: httpx.AsyncClient, body: str) -> None:
    lines = body.replace("CPU", '{"midr":"0x413fd0c1","revidr":0}')
    assert counted(await import_hosts(client, lines)) == (2, 0, 0, 1)
    assert await names(client) == ["h1", "h2"]


@pytest.mark.parametrize("body", ["", "\n", "\r\n \n"])
async def test_an_import_of_nothing(client: httpx.AsyncClient, body: str) -> None:
    assert counted(await import_hosts(client, body)) == (0, 0, 0, 0)


async def test_lines_may_be_torn_apart_on_the_way(client: httpx.AsyncClient) -> None:
    whole = ndjson(*(line(f"h{number}", labels={"ü": "ä"}) for number in range(50))).encode()

    async def torn() -> AsyncIterator[bytes]:
        for start in range(0, len(whole), 7):
            yield whole[start : start + 7]

    headers = {"Content-Type": "application/x-ndjson"}
    assert counted(await client.post("/v1/hosts:import", content=torn(), headers=headers)) == (50, 0, 0, 1)


# Faulty lines.

FAULTY: dict[str, str] = {
    "/1": '{"name": "h1", ',
    "/2/cpus": '{"name": "h2"}',
    "/3/name": '{"cpus": [{"midr": "0x413fd0c1", "revidr": 0}]}',
    "/5/cpus/0/midr": '{"name": "h5", "cpus": [{"midr": "1", "revidr": 0}]}',
    "/7/colour": '{"name": "h7", "cpus": [{"midr": "0x413fd0c1", "revidr": 0}], "colour": "red"}',
    "/8/name": '{"name": "H8", "cpus": [{"midr": "0x413fd0c1", "revidr": 0}]}',
    "/9": "[]",
    "/10": "null",
    "/11/state": '{"name": "h11", "cpus": [{"midr": "0x413fd0c1", "revidr": 0}], "state": "gone"}',
    "/12/labels/zone": '{"name": "h12", "cpus": [{"midr": "0x413fd0c1", "revidr": 0}], "labels": {"zone": 1}}',
    "/13/observed_at": '{"name": "h13", "cpus": [{"midr": "0x413fd0c1", "revidr": 0}], "observed_at": "now"}',
}


async def test_every_faulty_line_is_named_and_nothing_is_written(client: httpx.AsyncClient) -> None:
    await put_host(client, "h0")
    lines = [f'{{"name": "fine-{number}", "cpus": [{{"midr": "0x413fd0c1", "revidr": 0}}]}}' for number in range(1, 15)]
    for pointer, text in FAULTY.items():
        lines[int(pointer.split("/")[1]) - 1] = text
    lines[5] = ""
    answer = await import_hosts(client, "\n".join(lines))
    assert pointers(answer, "invalid_import") == list(FAULTY)
    assert answer.json()["errors_total"] == len(FAULTY)
    assert await names(client) == ["h0"]
    assert (await get(client, "/v1/hosts"))["fleet_revision"] == 1


async def test_a_line_has_all_its_faults_named(client: httpx.AsyncClient) -> None:
    answer = await import_hosts(client, '{"name": "h1", "cpus": [{"midr": "0x413fd0c1"}, {"revidr": "x"}], "state": 5}')
    assert set(pointers(answer, "invalid_import")) == {
        "/1/state",
        "/1/cpus/0/revidr",
        "/1/cpus/1/midr",
        "/1/cpus/1/revidr",
    }


async def test_lines_of_one_kind_are_judged_like_the_first_of_it(client: httpx.AsyncClient) -> None:
    """A kind that was seen before must not be taken for granted where its own fields are faulty."""
    fine = line("h1", labels={"zone": "fra1"})
    answer = await import_hosts(
        client,
        ndjson(
            fine,
            fine | {"name": "H2"},
            fine | {"name": "h3", "labels": {"zone": 1}},
            fine | {"name": "h4", "observed_at": "2026"},
            {field: value for field, value in fine.items() if field != "name"},
            fine | {"name": "h6", "labels": None},
            fine | {"name": "h7", "state": "gone"},
        ),
    )
    found = pointers(answer, "invalid_import")
    assert found == ["/2/name", "/3/labels/zone", "/4/observed_at", "/5/name", "/6/labels", "/7/state"]


async def test_lines_of_one_kind_keep_what_is_their_own(client: httpx.AsyncClient) -> None:
    told = [
        line("h1", labels={"rack": "r1"}),
        line("h2", labels={"rack": "r2"}) | {"observed_at": "2026-11-22T12:00:00Z"},
        line("h3"),
        line("h4", group(N1, "0-3"), labels={"rack": "r1"}),
        line("h5", (N1[0], 0, None), labels={"rack": "r1"}),
    ]
    await import_hosts(client, ndjson(*told))
    found = (await get(client, "/v1/hosts"))["items"]
    assert [item["labels"] for item in found] == [each.get("labels", {}) for each in told]
    assert [item["observed_at"] for item in found] == [each["observed_at"] for each in told]
    assert [item["cpus"][0]["cpu_list"] for item in found] == [None, None, None, "0-3", None]
    assert [item["identity_complete"] for item in found] == [True, True, True, True, False]


async def test_a_field_that_is_told_twice_counts_as_json_says(client: httpx.AsyncClient) -> None:
    """The last one, whether its kind was seen before or not."""
    kind = '"cpus": [{"midr": "0x413fd0c1", "revidr": 0, "aidr": 0}]'
    lines = [f'{{"name": "h1", {kind}}}', f'{{"name": "x", "name": "h2", {kind}}}', f'{{"name": "h3", {kind}, {kind}}}']
    assert counted(await import_hosts(client, "\n".join(lines)))[0] == 3
    assert await names(client) == ["h1", "h2", "h3"]


async def test_duplicates(client: httpx.AsyncClient) -> None:
    answer = await import_hosts(client, ndjson(line("h1"), line("h2"), line("h1", N2), line("h2"), line("h1")))
    assert pointers(answer, "invalid_import") == ["/3/name", "/4/name", "/5/name"]
    assert [error["detail"] for error in answer.json()["errors"]] == [
        "'h1' stands in line 1 already",
        "'h2' stands in line 2 already",
        "'h1' stands in line 1 already",
    ]
    assert await names(client) == []


async def test_every_bad_line_is_named_up_to_a_hundred_thousand(client: httpx.AsyncClient) -> None:
    answer = await import_hosts(client, "[]\n" * 100_010)
    assert pointers(answer, "invalid_import") == [f"/{number}" for number in range(1, 100_001)]
    assert answer.json()["errors_total"] == 100_010


# Clients that stall.


async def test_a_client_that_sends_no_more_is_refused(settings: Settings) -> None:
    impatient = settings.model_copy(update={"max_import_pause": timedelta(seconds=0.2)})
    never = asyncio.Event()

    async def lines() -> AsyncIterator[bytes]:
        yield ndjson(line("h1")).encode()
        await never.wait()

    async with serving(impatient) as client:
        answer = await client.post("/v1/hosts:import", content=lines(), headers=NDJSON)
        refused(answer, 408, "request_timeout")
        assert await names(client) == []
        done(await import_hosts(client, ndjson(line("h1"))))


async def test_imports_keep_nobody_else_waiting_for_a_connection(settings: Settings) -> None:
    narrow = settings.model_copy(update={"database_pool_size": 1})
    begun, rest = asyncio.Barrier(5), asyncio.Event()

    async def lines(name: str) -> AsyncIterator[bytes]:
        yield ndjson(line(name)).encode()
        await begun.wait()
        await rest.wait()

    async with serving(narrow) as client, asyncio.TaskGroup() as group:
        imports = [
            group.create_task(client.post("/v1/hosts:import", content=lines(name), headers=NDJSON))
            for name in ("h1", "h2", "h3", "h4")
        ]
        async with asyncio.timeout(PATIENCE):
            await begun.wait()
            assert (await client.get("/readyz")).status_code == 200
            await put_host(client, "h5")
        rest.set()
        assert [(await each).json()["created"] for each in imports] == [1, 1, 1, 1]


async def test_imports_that_drip_keep_no_other_import_waiting(settings: Settings) -> None:
    """However many there are, and though some of each has come."""
    many = [f"h{number}" for number in range(9)]
    begun, rest = asyncio.Barrier(len(many) + 1), asyncio.Event()

    async def lines(name: str) -> AsyncIterator[bytes]:
        yield ndjson(line(name)).encode()
        await begun.wait()
        await rest.wait()
        yield ndjson(line(f"{name}-too")).encode()

    async with serving(settings) as client, asyncio.TaskGroup() as group:
        imports = [
            group.create_task(client.post("/v1/hosts:import", content=lines(name), headers=NDJSON)) for name in many
        ]
        async with asyncio.timeout(PATIENCE):
            await begun.wait()
            assert counted(await import_hosts(client, ndjson(line("h99")))) == (1, 0, 0, 1)
        rest.set()
        assert [(await each).json()["created"] for each in imports] == [2] * len(many)
        assert (await get(client, "/v1/hosts", limit=1))["fleet_revision"] == 10


# Dry runs.


async def test_a_dry_run_counts_and_writes_nothing(client: httpx.AsyncClient) -> None:
    await import_hosts(client, ndjson(line("h1"), line("h2")))
    before = [(await client.get(path)).content for path in ("/v1/hosts", "/v1/hosts/h1/history")]
    body = ndjson(line("h1") | {"observed_at": "2026-11-23T00:00:00Z"}, line("h2", N2), line("h3"))
    dry = done(await import_hosts(client, body, dry_run="true"))
    assert (dry["created"], dry["updated"], dry["unchanged"], dry["dry_run"]) == (1, 1, 1, True)
    assert [(await client.get(path)).content for path in ("/v1/hosts", "/v1/hosts/h1/history")] == before
    real = done(await import_hosts(client, body, dry_run="false"))
    assert (real["created"], real["updated"], real["unchanged"], real["dry_run"]) == (1, 1, 1, False)


async def test_a_dry_run_names_faulty_lines(client: httpx.AsyncClient) -> None:
    answer = await import_hosts(client, "{}\n", dry_run="true")
    assert pointers(answer, "invalid_import") == ["/1/cpus", "/1/name"]


# What is around the lines.


@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain", "application/x-ndjsonx"])
async def test_other_content_types(client: httpx.AsyncClient, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = await client.post("/v1/hosts:import", content=ndjson(line("h1")).encode(), headers=headers)
    refused(answer, 415, "unsupported_media_type")
    assert await names(client) == []


async def test_a_content_type_with_parameters(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/X-NDJSON; charset=utf-8"}
    answer = await client.post("/v1/hosts:import", content=ndjson(line("h1")).encode(), headers=headers)
    assert counted(answer) == (1, 0, 0, 1)


async def test_an_import_that_is_too_large(settings: Settings) -> None:
    body = ndjson(*(line(f"h{number}") for number in range(100)))
    limit = {"max_import_bytes": len(body), "max_body_bytes": 1024}
    async with serving(settings.model_copy(update=limit)) as client:
        refused(await import_hosts(client, body + "\n"), 413, "body_too_large")
        assert await names(client) == []
        # One that is larger than other bodies may be is taken.
        assert counted(await import_hosts(client, body)) == (100, 0, 0, 1)


async def test_imports_follow_each_other(client: httpx.AsyncClient) -> None:
    """Whatever became of one, the next finds nothing of it in its way."""
    assert counted(await import_hosts(client, ndjson(line("h1")), dry_run="true"))[0] == 1
    pointers(await import_hosts(client, "{}"), "invalid_import")
    assert counted(await import_hosts(client, ndjson(line("h1")))) == (1, 0, 0, 1)
    refused(await import_hosts(client, ndjson(line("h1"), line("h1"))), 422, "invalid_import")
    assert counted(await import_hosts(client, ndjson(line("h2")))) == (1, 0, 0, 2)


async def test_an_import_under_running_vms_exposes_them(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1")
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    await import_hosts(client, ndjson(line("h1", N2)))
    assert (await get(client, "/v1/vms/vm-1"))["exposed"] is True
    await import_hosts(client, ndjson(line("h1", N1)))
    assert (await get(client, "/v1/vms/vm-1"))["exposed"] is False


async def test_ten_thousand_hosts(client: httpx.AsyncClient) -> None:
    body = ndjson(
        *(
            line(f"h{number:05}", (N1[0], number % 40, 0), labels={"rack": f"r{number % 200}"})
            for number in range(10_000)
        )
    )
    assert counted(await import_hosts(client, body)) == (10_000, 0, 0, 1)
    assert counted(await import_hosts(client, body)) == (0, 0, 10_000, 1)
    found = await get(client, "/v1/implementations")
    assert [item["hosts"]["active"] for item in found["items"]] == [250] * 40
