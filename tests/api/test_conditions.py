"""Entity tags, and what is done only if they still hold."""

from collections.abc import Awaitable, Callable
from itertools import combinations

import httpx
import pytest

from tests.api.talk import N1, N2, Json, admit, boot, close, done, host, patch_host, put_host, put_vm, refused, stop, vm

pytestmark = pytest.mark.anyio

RESOURCES = {"/v1/hosts/h1": host(N1), "/v1/vms/vm-1": vm()}
OTHERWISE = {"/v1/hosts/h1": host(N2), "/v1/vms/vm-1": vm({"exclude_hosts": ["h9"]})}

both = pytest.mark.parametrize("path", RESOURCES)


async def tag(client: httpx.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    done(answer)
    return answer.headers["ETag"]


async def put(client: httpx.AsyncClient, path: str, body: Json, **headers: str) -> httpx.Response:
    return await client.put(path, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


@both
async def test_tags_are_strong_and_the_same_for_the_same(client: httpx.AsyncClient, path: str) -> None:
    written = (await put(client, path, RESOURCES[path])).headers["ETag"]
    assert written.startswith('"')
    assert written.endswith('"')
    assert await tag(client, path) == written == await tag(client, path)


@both
async def test_a_change_changes_the_tag(client: httpx.AsyncClient, path: str) -> None:
    first = (await put(client, path, RESOURCES[path])).headers["ETag"]
    second = (await put(client, path, OTHERWISE[path])).headers["ETag"]
    third = (await put(client, path, RESOURCES[path])).headers["ETag"]
    assert len({first, second, third}) == 3
    assert await tag(client, path) == third


@both
async def test_create_only(client: httpx.AsyncClient, path: str) -> None:
    assert (await put(client, path, RESOURCES[path], if_none_match="*")).status_code == 201
    refused(await put(client, path, OTHERWISE[path], if_none_match="*"), 412, "already_exists")
    before = await client.get(path)
    assert (await put(client, path, OTHERWISE[path])).status_code == 200
    await client.delete(path)
    assert (await put(client, path, RESOURCES[path], if_none_match="*")).status_code == 201
    assert before.headers["ETag"] != await tag(client, path)


@both
async def test_a_put_on_the_present_revision(client: httpx.AsyncClient, path: str) -> None:
    first = (await put(client, path, RESOURCES[path])).headers["ETag"]
    second = await put(client, path, OTHERWISE[path], if_match=first)
    assert second.status_code == 200
    refused(await put(client, path, RESOURCES[path], if_match=first), 412, "stale_revision")
    assert await tag(client, path) == second.headers["ETag"]


@both
async def test_several_tags_and_any_tag(client: httpx.AsyncClient, path: str) -> None:
    first = (await put(client, path, RESOURCES[path])).headers["ETag"]
    assert (await put(client, path, OTHERWISE[path], if_match=f'"other", {first}')).status_code == 200
    assert (await put(client, path, RESOURCES[path], if_match="*")).status_code == 200
    refused(await put(client, path, RESOURCES[path], if_match=f'"other", {first}'), 412, "stale_revision")


@both
async def test_a_weak_tag_never_matches_for_a_write(client: httpx.AsyncClient, path: str) -> None:
    present = (await put(client, path, RESOURCES[path])).headers["ETag"]
    refused(await put(client, path, OTHERWISE[path], if_match=f"W/{present}"), 412, "stale_revision")


@both
@pytest.mark.parametrize("condition", ["*", '"1-1"'])
async def test_what_is_not_there_matches_nothing(client: httpx.AsyncClient, path: str, condition: str) -> None:
    refused(await put(client, path, RESOURCES[path], if_match=condition), 412, "stale_revision")
    assert (await client.get(path)).status_code == 404


@both
async def test_deletion_of_the_present_revision(client: httpx.AsyncClient, path: str) -> None:
    first = (await put(client, path, RESOURCES[path])).headers["ETag"]
    second = (await put(client, path, OTHERWISE[path])).headers["ETag"]
    refused(await client.delete(path, headers={"If-Match": first}), 412, "stale_revision")
    assert (await client.delete(path, headers={"If-Match": second})).status_code == 204


async def test_a_patch_of_the_present_revision(client: httpx.AsyncClient) -> None:
    path = "/v1/hosts/h1"
    first = (await put(client, path, host())).headers["ETag"]
    second = await client.patch(path, json={"state": "cordoned"}, headers={"If-Match": first})
    assert second.status_code == 200
    refused(await client.patch(path, json={"state": "active"}, headers={"If-Match": first}), 412, "stale_revision")
    # A heartbeat shows, so it changes the tag like everything that shows.
    beat = await client.patch(path, json={"observed_at": "2026-11-23T00:00:00Z"})
    assert beat.headers["ETag"] != second.headers["ETag"]
    stale = {"If-Match": second.headers["ETag"]}
    refused(
        await client.patch(path, json={"observed_at": "2026-11-24T00:00:00Z"}, headers=stale), 412, "stale_revision"
    )


async def test_the_condition_is_judged_before_whether_the_host_is_in_use(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1")
    await put_vm(client, "vm-1")
    await boot(client, "vm-1", "h1")
    refused(await client.delete("/v1/hosts/h1", headers={"If-Match": '"old"'}), 412, "stale_revision")


# Reading only what is new.


async def readable(client: httpx.AsyncClient) -> dict[str, str]:
    """Every single resource, with its tag."""
    for name in ("h1", "h2"):
        await put_host(client, name)
    await put_vm(client, "vm-1")
    sealed = await boot(client, "vm-1", "h1")
    migration = await admit(client, "vm-1", "h2")
    paths = (
        "/v1/hosts/h1",
        "/v1/vms/vm-1",
        "/v1/vms/vm-1/boots/1",
        "/v1/vms/vm-1/implementation-list",
        f"/v1/implementation-lists/{sealed['digest']}",
        f"/v1/migrations/{migration['id']}",
    )
    return {path: await tag(client, path) for path in paths}


async def test_nothing_new(client: httpx.AsyncClient) -> None:
    for path, present in (await readable(client)).items():
        for condition in (present, f"W/{present}", f'"other", {present}', "*"):
            answer = await client.get(path, headers={"If-None-Match": condition})
            assert (answer.status_code, answer.content) == (304, b""), (path, condition)
            assert answer.headers["ETag"] == present
            assert "X-Request-ID" in answer.headers
        assert (await client.get(path, headers={"If-None-Match": '"other"'})).status_code == 200


Step = Callable[[httpx.AsyncClient], Awaitable[object]]


async def test_every_change_of_a_vm_that_shows_changes_its_tag(client: httpx.AsyncClient) -> None:
    for name in ("h1", "h2"):
        await put_host(client, name)
    await put_vm(client, "vm-1")
    steps: list[Step] = [
        lambda client: boot(client, "vm-1", "h1"),
        lambda client: patch_host(client, "h1", cpus=[{"midr": "0x410fd490", "revidr": 0, "aidr": 0}]),
        lambda client: patch_host(client, "h1", cpus=[{"midr": "0x410fd490", "revidr": 0, "aidr": None}]),
        lambda client: migrated(client, "fail"),
        lambda client: migrated(client, "complete"),
        lambda client: stop(client, "vm-1"),
        lambda client: boot(client, "vm-1", "h2"),
        lambda client: client.put("/v1/vms/vm-1", json=vm({"exclude_hosts": ["h1"]})),
    ]
    shown = [await client.get("/v1/vms/vm-1")]
    for step in steps:
        await step(client)
        shown.append(await client.get("/v1/vms/vm-1"))
    assert len({answer.content for answer in shown}) >= 6
    for before, after in combinations(shown, 2):
        assert before.content == after.content or before.headers["ETag"] != after.headers["ETag"]


async def migrated(client: httpx.AsyncClient, how: str) -> None:
    before = await tag(client, "/v1/vms/vm-1")
    migration = await admit(client, "vm-1", "h2")
    assert await tag(client, "/v1/vms/vm-1") != before
    during = await tag(client, f"/v1/migrations/{migration['id']}")
    await close(client, migration, how)
    assert await tag(client, f"/v1/migrations/{migration['id']}") != during


async def test_a_vm_of_the_same_name_has_another_tag(client: httpx.AsyncClient) -> None:
    await put_vm(client, "vm-1")
    first = await tag(client, "/v1/vms/vm-1")
    await client.delete("/v1/vms/vm-1")
    await put_vm(client, "vm-1")
    assert await tag(client, "/v1/vms/vm-1") != first


async def test_a_host_of_the_same_name_has_another_tag(client: httpx.AsyncClient) -> None:
    """Though it reports the same, and was observed at the same moment."""
    body = host(N1, observed_at="2026-11-22T10:00:00Z")
    first = (await put(client, "/v1/hosts/h1", body)).headers["ETag"]
    await client.delete("/v1/hosts/h1")
    second = (await put(client, "/v1/hosts/h1", body)).headers["ETag"]
    assert second != first
    refused(await client.delete("/v1/hosts/h1", headers={"If-Match": first}), 412, "stale_revision")


async def test_actions_answer_the_tag_of_what_they_made_and_take_conditions(client: httpx.AsyncClient) -> None:
    """What is told under a tag that has changed was decided on what is no more."""

    async def act(path: str, of: str, code: int, body: Json | None = None) -> str:
        stale = {"If-Match": '"of before"'}
        refused(await client.post(path, json=body, headers=stale), 412, "stale_revision")
        answer = await client.post(path, json=body, headers={"If-Match": await tag(client, of)})
        assert answer.status_code == code, answer.text
        return answer.headers["ETag"]

    for name in ("h1", "h2"):
        await put_host(client, name)
    await put_vm(client, "vm-1")
    booted = await act("/v1/vms/vm-1/boots", "/v1/vms/vm-1", 201, {"host": "h1"})
    assert booted == await tag(client, "/v1/vms/vm-1/boots/1") == await tag(client, "/v1/vms/vm-1/implementation-list")
    for ending in ("fail", "complete"):
        target = {"target": "h2"}
        admitted = await act("/v1/vms/vm-1/migrations", "/v1/vms/vm-1", 201, target)
        id_ = (await client.get("/v1/migrations?state=admitted")).json()["items"][0]["id"]
        assert admitted == await tag(client, f"/v1/migrations/{id_}")
        closed = await act(f"/v1/migrations/{id_}:{ending}", f"/v1/migrations/{id_}", 200)
        assert closed == await tag(client, f"/v1/migrations/{id_}") != admitted
    stopped = await act("/v1/vms/vm-1/stop", "/v1/vms/vm-1", 200)
    assert stopped == await tag(client, "/v1/vms/vm-1")


async def test_a_table_has_a_tag_that_changes_with_whom_it_concerns(client: httpx.AsyncClient) -> None:
    path = "/v1/errata/ARM64_SPECTRE_BHB"
    before = await tag(client, path)
    assert (await client.get(path, headers={"If-None-Match": before})).status_code == 304
    await put_host(client, "h1")
    assert await tag(client, path) != before
