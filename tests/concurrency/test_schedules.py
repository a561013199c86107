"""Two requests at the same moment, step by step: one is stopped just before it commits, the other must wait for it.

A gate, a lock that the test holds in PostgreSQL, stops the first request; PostgreSQL itself says who waits for whom.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import httpx
import orjson
import pytest

from app.settings import Settings
from tests.databases import empty
from tests.serving import serving
from tests.waiting import soon

pytestmark = [pytest.mark.anyio, pytest.mark.postgresql]

ABLE: Final = {"writable_id_registers": True, "discovery_hypercalls": True}
TOLD: Final = [{"midr": "0x411fd401", "revidr": "0x0", "aidr": "0x0"}]
UNTOLD: Final = [{"midr": "0x411fd401", "revidr": "0x1", "aidr": "0x0"}]
"""The next stepping of the same part."""

CHANGE: Final = "LOCK TABLE past_identities IN SHARE MODE"
"""Stops a change of registers, or a deletion, that holds its host already."""
DELETION: Final = "LOCK TABLE deleted_hosts IN SHARE MODE"
ADMISSION: Final = "LOCK TABLE migrations IN SHARE MODE"
"""Stops an admission that has been judged."""
BOOT: Final = "LOCK TABLE boots IN SHARE MODE"
"""Stops a boot whose list has been composed."""
VERIFICATION: Final = "SELECT FROM migrations FOR UPDATE"
"""Stops a verification, and whatever closes a migration, at its last lock."""
IMPORT: Final = """
    INSERT INTO hosts SELECT (jsonb_populate_record(hosts, '{"id": -1, "name": "new"}')).* FROM hosts WHERE name = 'h2'
"""
"""Stops an import that creates the host `new` when everything else of it is done; undone when the gate opens."""

_WAITING: Final = """
    SELECT pid, pg_blocking_pids(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0
"""


@dataclass(frozen=True)
class Stage:
    """Two workers over one database; `vm` runs on `h1`, and `h2` is what its guest was told of."""

    one: httpx.AsyncClient
    other: httpx.AsyncClient
    database_url: str

    async def at_once(
        self, gate: str, first: Coroutine[Any, Any, httpx.Response], second: Coroutine[Any, Any, httpx.Response]
    ) -> tuple[httpx.Response, httpx.Response]:
        """Both answers, where the first request is stopped at the gate, and the second is proven to wait for it."""
        async with self.closed(gate) as connection:
            begun = asyncio.create_task(first)
            await until_waiting(connection, 1)
            waiting = asyncio.create_task(second)
            behind_gate, behind_first = await until_waiting(connection, 2)
            assert behind_first[1] == [behind_gate[0]]
            assert not begun.done()
            assert not waiting.done()
        return await begun, await waiting

    @asynccontextmanager
    async def closed(self, gate: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """A statement carried out, and neither committed nor undone until the end of the block; then undone."""
        connection = await asyncpg.connect(self.database_url)
        try:
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(gate)
            yield connection
            await transaction.rollback()
        finally:
            await connection.close()

    async def admit(self) -> str:
        """The id of a migration to h2."""
        answer = await self.one.post("/v1/vms/vm/migrations", json={"target": "h2"})
        assert answer.status_code == 201
        id_: str = answer.json()["id"]
        return id_

    async def exposed(self) -> bool:
        exposed: bool = (await self.one.get("/v1/vms/vm")).json()["exposed"]
        return exposed


async def until_waiting(connection: "asyncpg.Connection[asyncpg.Record]", count: int) -> list[tuple[int, list[int]]]:
    """Who waits, and for whom, as soon as so many do; in the order of the queue."""
    own: int = await connection.fetchval("SELECT pg_backend_pid()")

    async def queue() -> list[tuple[int, list[int]]] | None:
        # Within its transaction PostgreSQL would go on showing who was connected at first.
        await connection.execute("SELECT pg_stat_clear_snapshot()")
        waiting = [(row[0], row[1]) for row in await connection.fetch(_WAITING)]
        return waiting if len(waiting) == count else None

    return sorted(await soon(queue) or (), key=lambda each: own not in each[1])


@pytest.fixture
async def stage(migrated_postgresql: str) -> AsyncIterator[Stage]:
    await asyncio.to_thread(empty, migrated_postgresql)
    settings = Settings(database_url=migrated_postgresql)
    async with serving(settings, raising=False) as one, serving(settings, raising=False) as other:
        for name in ("h1", "h2"):
            await one.put(f"/v1/hosts/{name}", json={"cpus": TOLD, "capabilities": ABLE})
        await one.put("/v1/vms/vm", json={"guest": {"discovers_implementations": True}})
        await one.put("/v1/vms/idle", json={"guest": {"discovers_implementations": True}})
        assert (await one.post("/v1/vms/vm/boots", json={"host": "h1"})).status_code == 201
        yield Stage(one, other, migrated_postgresql)


def reasons(answer: httpx.Response) -> tuple[int, str, list[str]]:
    problem = answer.json()
    return answer.status_code, problem["code"], [each["code"] for each in problem.get("reasons", [])]


NOT_LISTED: Final = (409, "not_a_target", ["implementation_not_listed"])


# A change of registers is under way.


async def test_admission_waits_for_change_of_registers(stage: Stage) -> None:
    changed, admitted = await stage.at_once(
        CHANGE,
        stage.one.patch("/v1/hosts/h2", json={"cpus": UNTOLD}),
        stage.other.post("/v1/vms/vm/migrations", json={"target": "h2"}),
    )
    assert changed.status_code == 200
    assert reasons(admitted) == NOT_LISTED


@pytest.mark.parametrize("gate", [CHANGE, IMPORT], ids=["from its beginning", "to its end"])
async def test_admission_waits_for_import(stage: Stage, gate: str) -> None:
    changed, admitted = await stage.at_once(
        gate,
        import_hosts(stage.one, {"h2": UNTOLD, "new": TOLD}),
        stage.other.post("/v1/vms/vm/migrations", json={"target": "h2"}),
    )
    assert (changed.status_code, changed.json()["created"], changed.json()["updated"]) == (200, 1, 1)
    assert reasons(admitted) == NOT_LISTED


async def test_admission_waits_for_deletion(stage: Stage) -> None:
    deleted, admitted = await stage.at_once(
        DELETION,
        stage.one.delete("/v1/hosts/h2"),
        stage.other.post("/v1/vms/vm/migrations", json={"target": "h2"}),
    )
    assert deleted.status_code == 204
    assert reasons(admitted) == (404, "host_not_found", [])


async def test_verification_waits_for_change_of_registers(stage: Stage) -> None:
    id_ = await stage.admit()
    changed, verified = await stage.at_once(
        CHANGE,
        stage.one.patch("/v1/hosts/h2", json={"cpus": UNTOLD}),
        stage.other.post(f"/v1/migrations/{id_}:verify"),
    )
    assert changed.status_code == 200
    assert reasons(verified) == NOT_LISTED


async def test_boot_waits_for_change_of_registers(stage: Stage) -> None:
    changed, booted = await stage.at_once(
        CHANGE,
        stage.one.patch("/v1/hosts/h2", json={"cpus": UNTOLD}),
        stage.other.post("/v1/vms/idle/boots", json={"host": "h2"}),
    )
    assert changed.status_code == 200
    assert [each["revidr"][-1] for each in booted.json()["implementations"]] == ["1", "0"]
    assert booted.json()["fleet_revision"] == changed.json()["fleet_revision"]


async def test_change_of_registers_waits_for_another(stage: Stage) -> None:
    first, second = await stage.at_once(
        CHANGE,
        stage.one.patch("/v1/hosts/h2", json={"cpus": UNTOLD}),
        stage.other.patch("/v1/hosts/h1", json={"cpus": UNTOLD}),
    )
    assert second.json()["fleet_revision"] == first.json()["fleet_revision"] + 1


# A judgement is under way.


async def test_change_of_registers_waits_for_admission(stage: Stage) -> None:
    admitted, changed = await stage.at_once(
        ADMISSION,
        stage.one.post("/v1/vms/vm/migrations", json={"target": "h2"}),
        stage.other.patch("/v1/hosts/h2", json={"cpus": UNTOLD}),
    )
    assert (admitted.status_code, changed.status_code) == (201, 200)
    id_ = admitted.json()["id"]
    assert reasons(await stage.other.post(f"/v1/migrations/{id_}:verify")) == NOT_LISTED
    assert not await stage.exposed()
    assert (await stage.other.post(f"/v1/migrations/{id_}:complete")).status_code == 200
    assert await stage.exposed()


async def test_deletion_waits_for_admission(stage: Stage) -> None:
    admitted, deleted = await stage.at_once(
        ADMISSION,
        stage.one.post("/v1/vms/vm/migrations", json={"target": "h2"}),
        stage.other.delete("/v1/hosts/h2"),
    )
    assert admitted.status_code == 201
    assert reasons(deleted) == (409, "host_in_use", [])


async def test_import_waits_for_admission(stage: Stage) -> None:
    admitted, changed = await stage.at_once(
        ADMISSION,
        stage.one.post("/v1/vms/vm/migrations", json={"target": "h2"}),
        import_hosts(stage.other, {"h2": UNTOLD, "new": TOLD}),
    )
    assert (admitted.status_code, changed.status_code) == (201, 200)
    history = (await stage.one.get("/v1/hosts/h2/history")).json()["items"]
    assert history[-1]["first_reported_at"] > admitted.json()["admitted_at"]


async def test_change_of_registers_waits_for_boot(stage: Stage) -> None:
    booted, changed = await stage.at_once(
        BOOT,
        stage.one.post("/v1/vms/idle/boots", json={"host": "h2"}),
        stage.other.patch("/v1/hosts/h2", json={"cpus": UNTOLD}),
    )
    assert (booted.status_code, changed.status_code) == (201, 200)
    assert booted.json()["count"] == 1
    assert (await stage.one.get("/v1/vms/idle")).json()["exposed"]


async def test_deletion_waits_for_boot(stage: Stage) -> None:
    booted, deleted = await stage.at_once(
        BOOT,
        stage.one.post("/v1/vms/idle/boots", json={"host": "h2"}),
        stage.other.delete("/v1/hosts/h2"),
    )
    assert booted.status_code == 201
    assert reasons(deleted) == (409, "host_in_use", [])


async def test_change_of_registers_waits_for_verification(stage: Stage) -> None:
    id_ = await stage.admit()
    verified, changed = await stage.at_once(
        VERIFICATION,
        stage.one.post(f"/v1/migrations/{id_}:verify"),
        stage.other.patch("/v1/hosts/h2", json={"cpus": UNTOLD}),
    )
    assert (verified.status_code, changed.status_code) == (200, 200)


async def test_second_admission_waits_for_first(stage: Stage) -> None:
    await stage.one.put("/v1/hosts/h3", json={"cpus": TOLD, "capabilities": ABLE})
    first, second = await stage.at_once(
        ADMISSION,
        stage.one.post("/v1/vms/vm/migrations", json={"target": "h2"}),
        stage.other.post("/v1/vms/vm/migrations", json={"target": "h3"}),
    )
    assert first.status_code == 201
    assert reasons(second) == (409, "vm_migrating", [])


async def test_stop_waits_for_admission(stage: Stage) -> None:
    admitted, stopped = await stage.at_once(
        ADMISSION,
        stage.one.post("/v1/vms/vm/migrations", json={"target": "h2"}),
        stage.other.post("/v1/vms/vm/stop"),
    )
    assert admitted.status_code == 201
    assert reasons(stopped) == (409, "vm_migrating", [])


async def test_repeated_request_waits_for_first(stage: Stage) -> None:
    key = {"Idempotency-Key": "k"}
    first, second = await stage.at_once(
        ADMISSION,
        stage.one.post("/v1/vms/vm/migrations", json={"target": "h2"}, headers=key),
        stage.other.post("/v1/vms/vm/migrations", json={"target": "h2"}, headers=key),
    )
    assert first.status_code == second.status_code == 201
    assert first.content == second.content


# A heartbeat is under way.


async def test_heartbeats_do_not_lock_out_changes(stage: Stage) -> None:
    """A heartbeat that comes too late has to become a change: it must not hold its host while it waits for its turn."""
    async with stage.closed("UPDATE hosts SET observed_at = observed_at + interval '1 second'") as gate:
        heartbeat = asyncio.create_task(stage.one.patch("/v1/hosts/h2", json={"observed_at": None}))
        await until_waiting(gate, 1)
        change = asyncio.create_task(stage.other.patch("/v1/hosts/h2", json={"labels": {"zone": "a"}}))
        await until_waiting(gate, 2)
        await gate.execute("COMMIT")
        await gate.execute("BEGIN")
    assert [(await heartbeat).status_code, (await change).status_code] == [200, 200]


async def import_hosts(client: httpx.AsyncClient, hosts: dict[str, list[dict[str, str]]]) -> httpx.Response:
    lines = [orjson.dumps({"name": name, "cpus": cpus, "capabilities": ABLE}) for name, cpus in hosts.items()]
    headers = {"Content-Type": "application/x-ndjson"}
    return await client.post("/v1/hosts:import", content=b"\n".join(lines), headers=headers)
