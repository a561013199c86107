"""A database that is put back to an earlier time under running workers."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from anyio.to_thread import run_sync

from app.settings import Settings
from tests.api.talk import (
    N1,
    N2,
    V1,
    V2,
    admit,
    boot,
    codes,
    done,
    get,
    host,
    import_hosts,
    put_host,
    put_vm,
    refused,
    stop,
    triples,
    vm,
)
from tests.databases import Backup
from tests.serving import serving

pytestmark = pytest.mark.anyio

Workers = tuple[httpx.AsyncClient, httpx.AsyncClient]


@pytest.fixture
async def workers(settings: Settings) -> AsyncIterator[Workers]:
    """Two workers that have seen two hosts and a VM that runs on one of them."""
    async with serving(settings) as one, serving(settings) as two:
        await put_host(one, "h1", N1)
        await put_host(two, "h2", N1)
        await put_vm(one, "vm-1")
        await boot(one, "vm-1", "h1")
        for worker in (one, two):
            assert await targets(worker) == ["h2"]
        yield one, two


@pytest.fixture
async def backup(workers: Workers, settings: Settings, tmp_path: Path) -> Backup:
    return await run_sync(Backup.of, settings.database_url, tmp_path)


async def targets(worker: httpx.AsyncClient) -> list[str]:
    return [item["host"] for item in (await get(worker, "/v1/vms/vm-1/targets"))["items"]]


async def test_every_worker_is_back_in_time(workers: Workers, backup: Backup) -> None:
    one, _ = workers
    await put_host(one, "h3", N1)
    await one.delete("/v1/hosts/h2")
    for worker in workers:
        assert await targets(worker) == ["h3"]
    await run_sync(backup.restore)
    for worker in workers:
        found = await get(worker, "/v1/vms/vm-1/targets")
        assert ([item["host"] for item in found["items"]], found["fleet_revision"]) == (["h2"], 2)
        refused(await worker.get("/v1/vms/vm-1/targets/h3"), 404, "host_not_found")


async def test_another_history_that_comes_to_the_same_revision(workers: Workers, backup: Backup) -> None:
    one, two = workers
    await put_host(one, "h3", N1)
    for worker in workers:
        assert await targets(worker) == ["h2", "h3"]
    await run_sync(backup.restore)
    # The one worker writes before it has read anything; the other finds the revision that it has already.
    await put_host(one, "h4", N1)
    for worker in (two, one):
        found = await get(worker, "/v1/vms/vm-1/targets")
        assert ([item["host"] for item in found["items"]], found["fleet_revision"]) == (["h2", "h4"], 3)


async def test_another_history_that_goes_beyond(workers: Workers, backup: Backup) -> None:
    one, two = workers
    await put_host(one, "h3", N1)
    for worker in workers:
        assert await targets(worker) == ["h2", "h3"]
    await run_sync(backup.restore)
    for name in ("h5", "h6", "h7"):
        await put_host(one, name, N1)
    assert await targets(two) == ["h2", "h5", "h6", "h7"]


async def test_registers_that_only_the_workers_remember_are_written_again(
    workers: Workers, backup: Backup, settings: Settings
) -> None:
    one, _ = workers
    await put_host(one, "h3", V1)
    for worker in workers:
        await get(worker, "/v1/hosts/h3")
        assert await targets(worker) == ["h2"]
    await run_sync(backup.restore)
    await put_host(one, "h4", V1)
    async with serving(settings) as fresh:
        assert triples((await get(fresh, "/v1/hosts/h4"))["implementations"]) == [V1]
        verdict = await get(fresh, "/v1/vms/vm-1/targets/h4")
        assert codes(verdict["reasons"]) == ["implementation_not_listed"]


async def test_a_list_that_was_sealed_after_the_backup_is_not_answered_for_another_vm(
    workers: Workers, backup: Backup
) -> None:
    """The database counts on from where the backup was: keys and numbers of boots come a second time."""
    one, two = workers
    await put_host(one, "h3", N2)
    await put_vm(one, "vm-2")
    lost = await boot(one, "vm-2", "h3")
    for worker in workers:
        assert await get(worker, "/v1/vms/vm-2/implementation-list") == lost
        assert (await worker.get("/v1/vms/vm-2/implementation-list", params={"format": "qemu"})).status_code == 200
    await run_sync(backup.restore)
    for worker in workers:
        refused(await worker.get("/v1/vms/vm-2/implementation-list"), 404, "vm_not_found")
    for name in ("vm-3", "vm-2"):
        await put_vm(two, name)
        sealed = await boot(two, name, "h2")
        assert triples(sealed["implementations"]) == [N1]
        for worker in workers:
            assert await get(worker, f"/v1/vms/{name}/implementation-list") == sealed
            qemu = await worker.get(f"/v1/vms/{name}/implementation-list", params={"format": "qemu"})
            assert qemu.text == "impl-cpu.0.midr=0x413fd0c1,impl-cpu.0.revidr=0x0,impl-cpu.0.aidr=0x0"


async def test_the_next_boot_of_a_vm_after_restoration(workers: Workers, backup: Backup) -> None:
    one, two = workers
    await stop(one, "vm-1")
    await put_host(one, "h3", V2)
    lost = await boot(one, "vm-1", "h3")
    assert lost["boot"] == 2
    for worker in workers:
        assert await get(worker, "/v1/vms/vm-1/implementation-list") == lost
    await run_sync(backup.restore)
    await stop(two, "vm-1")
    sealed = await boot(two, "vm-1", "h2")
    assert sealed["boot"] == 2
    for worker in workers:
        assert await get(worker, "/v1/vms/vm-1/implementation-list") == sealed


async def test_no_worker_admits_by_what_it_remembers(workers: Workers, backup: Backup) -> None:
    one, two = workers
    await put_host(one, "h3", N1)
    for worker in workers:
        assert await targets(worker) == ["h2", "h3"]
    await run_sync(backup.restore)
    await put_host(one, "h3", V1)
    answer = await two.post("/v1/vms/vm-1/migrations", json={"target": "h3"})
    assert codes(refused(answer, 409, "not_a_target")["reasons"]) == ["implementation_not_listed"]
    assert (await admit(two, "vm-1", "h2"))["target"] == "h2"


async def test_a_key_that_was_used_after_the_backup_is_free_again(workers: Workers, backup: Backup) -> None:
    one, two = workers
    request = {"url": "/v1/vms/vm-1/migrations", "json": {"target": "h2"}, "headers": {"Idempotency-Key": "k"}}
    first = done(await one.post(**request))  # type: ignore[arg-type] # mypy sees one type for all values
    await run_sync(backup.restore)
    second = done(await two.post(**request), 201)  # type: ignore[arg-type] # the same
    assert first["id"] != second["id"]
    assert (await get(one, "/v1/vms/vm-1"))["migration"] == second["id"]


# Tags: the database comes to the same numbers again, with other contents.


async def tagged(worker: httpx.AsyncClient, path: str, **body: object) -> str:
    """The tag of a resource after a change that leads to it."""
    done(await worker.put(path, json=body))
    return str((await worker.get(path)).headers["ETag"])


async def assert_of_another_content(worker: httpx.AsyncClient, path: str, lost: str, **body: object) -> None:
    """Whoever has a tag of the lost history reads anew, and changes nothing."""
    present = await worker.get(path, headers={"If-None-Match": lost})
    assert present.status_code == 200
    assert present.headers["ETag"] != lost
    refused(await worker.put(path, json=body, headers={"If-Match": lost}), 412, "stale_revision")
    refused(await worker.delete(path, headers={"If-Match": lost}), 412, "stale_revision")
    assert (await worker.get(path)).content == present.content


SEEN = "2026-11-22T10:00:00Z"


async def test_a_tag_of_a_host_is_of_one_history(workers: Workers, backup: Backup) -> None:
    one, two = workers
    lost = await tagged(one, "/v1/hosts/h2", **host(N2, observed_at=SEEN))
    await run_sync(backup.restore)
    other = await tagged(two, "/v1/hosts/h2", **host(V1, observed_at=SEEN))
    assert lost != other
    for worker in workers:
        await assert_of_another_content(worker, "/v1/hosts/h2", lost, **host(N1))


async def test_a_tag_of_an_imported_host_is_of_one_history(workers: Workers, backup: Backup) -> None:
    one, two = workers
    tags = []
    for worker, reported in ((one, N2), (two, V1)):
        for name in ("h2", "h3"):
            line = host(reported, observed_at=SEEN) | {"name": name}
            done(await import_hosts(worker, json.dumps(line)))
        tags.append([(await worker.get(f"/v1/hosts/{name}")).headers["ETag"] for name in ("h2", "h3")])
        if worker is one:
            await run_sync(backup.restore)
    for name, lost, present in zip(("h2", "h3"), *tags, strict=True):
        assert lost != present
        await assert_of_another_content(one, f"/v1/hosts/{name}", lost, **host(N1))


async def test_a_tag_of_a_vm_is_of_one_history(workers: Workers, backup: Backup) -> None:
    one, two = workers
    lost = await tagged(one, "/v1/vms/vm-1", **vm({"exclude_hosts": ["h8"]}))
    lost_too = await tagged(one, "/v1/vms/vm-2", **vm({"exclude_hosts": ["h8"]}))
    await run_sync(backup.restore)
    for path, tag in (("/v1/vms/vm-1", lost), ("/v1/vms/vm-2", lost_too)):
        assert tag != await tagged(two, path, **vm({"exclude_hosts": ["h9"]}))
        for worker in workers:
            await assert_of_another_content(worker, path, tag, **vm())


Step = Callable[[httpx.AsyncClient], Awaitable[object]]

STEPS: dict[str, tuple[Step, Step]] = {
    "stop": (lambda worker: stop(worker, "vm-1"), lambda worker: put_vm(worker, "vm-1", {"exclude_hosts": ["h9"]})),
    "admission": (lambda worker: admit(worker, "vm-1", "h2"), lambda worker: stop(worker, "vm-1")),
    "boot": (lambda worker: rebooted(worker, "h1"), lambda worker: rebooted(worker, "h2")),
}


async def rebooted(worker: httpx.AsyncClient, on: str) -> None:
    await stop(worker, "vm-1")
    await boot(worker, "vm-1", on)


@pytest.mark.parametrize("step", STEPS)
async def test_every_write_to_a_vm_is_of_one_history(workers: Workers, backup: Backup, step: str) -> None:
    one, two = workers
    tags = []
    for worker, write in zip(workers, STEPS[step], strict=True):
        await write(worker)
        tags.append((await worker.get("/v1/vms/vm-1")).headers["ETag"])
        if worker is one:
            await run_sync(backup.restore)
    assert tags[0] != tags[1]
    refused(await two.post("/v1/vms/vm-1/stop", headers={"If-Match": tags[0]}), 412, "stale_revision")
