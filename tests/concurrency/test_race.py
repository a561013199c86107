"""Many clients, several worker processes, one database: nothing that must not happen happens, in whatever order."""

from collections import Counter
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import httpx
import orjson
import pytest

from demo.service import Service
from tests.concurrency.clients import Request, all_at_once, connected
from tests.concurrency.crowd import ABLE, HOSTS, NDJSON, Crowd, Tale
from tests.concurrency.witness import Sql, evidence

CLIENTS: Final = 8
ROUNDS: Final = range(5)


A_LONG_TIME: Final = pytest.param(500, marks=pytest.mark.long)


@pytest.mark.postgresql
@pytest.mark.parametrize("least", [100, A_LONG_TIME])
def test_crowd_on_postgresql(on_postgresql: Service, postgresql_sql: Sql, least: int) -> None:
    crowd(on_postgresql, postgresql_sql, least)


@pytest.mark.parametrize("least", [40, A_LONG_TIME])
def test_crowd_on_sqlite(on_sqlite: Service, sqlite_sql: Sql, least: int) -> None:
    crowd(on_sqlite, sqlite_sql, least)


def crowd(service: Service, sql: Sql, least: int) -> None:
    """Until there are so many admissions, boots and changes of the fleet."""
    crowd = Crowd(service.url)
    (revision,) = sql.rows("SELECT revision FROM fleet")[0]
    crowd.gather()
    crowd.run(lambda tale: tale.has(least))
    tale = crowd.tale
    assert tale.has(least)
    assert not [answer for answer in tale.answers if answer[1] >= 500]
    nothing_awaited_a_guest_that_it_was_not_told_of(tale, sql)
    revisions_have_no_gaps(tale, sql, after=revision)
    with connected(service.url) as client:
        history_says_the_same(tale, client)


def nothing_awaited_a_guest_that_it_was_not_told_of(tale: Tale, sql: Sql) -> None:
    """By the witness in the database, who saw every admission and every boot at its commit."""
    seen = evidence(sql)
    assert {each.name for each in seen if each.kind == "admission"} >= {each["id"] for each in tale.admitted}
    assert {each.name for each in seen if each.kind == "boot"} >= set(tale.booted)
    assert [each for each in seen if not each.told] == []


def revisions_have_no_gaps(tale: Tale, sql: Sql, after: int) -> None:
    (revision,) = sql.rows("SELECT revision FROM fleet")[0]
    assert len(set(tale.revisions)) == len(tale.revisions)
    assert revision == after + len(tale.revisions) + len(tale.deletions)
    assert set(tale.revisions) <= set(range(after + 1, revision + 1))


def history_says_the_same(tale: Tale, client: httpx.Client) -> None:
    """By the service's own answers: the registers that a target had when the admission says it was admitted."""
    periods = {name: periods_of(client, name) for name in HOSTS}
    for migration in tale.admitted:
        digest = migration["implementation_list"]
        listed = client.get(f"/v1/implementation-lists/{digest}").json()["implementations"]
        at = datetime.fromisoformat(migration["admitted_at"])
        (then,) = [shown for since, until, shown in periods[migration["target"]] if since < at < until]
        assert registers(then) <= registers(listed)


def periods_of(client: httpx.Client, host: str) -> list[tuple[datetime, datetime, list[dict[str, Any]]]]:
    far = "9999-01-01T00:00:00Z"
    return [
        (
            datetime.fromisoformat(period["since"]),
            datetime.fromisoformat(period["until"] or far),
            item["implementations"],
        )
        for item in client.get(f"/v1/hosts/{host}/history").json()["items"]
        for period in item["periods"]
    ]


def registers(implementations: list[dict[str, Any]]) -> set[tuple[str, str, str | None]]:
    return {(each["midr"], each["revidr"], each["aidr"]) for each in implementations}


# One request, sent by many.


def test_one_key_has_one_effect(running: Service) -> None:
    for _ in ROUNDS:
        vm, (one, other, *_) = stage(running)
        key = {"Idempotency-Key": uuid4().hex}
        booted = at_once(running, "POST", f"/v1/vms/{vm}/boots", json={"host": one}, headers=key)
        assert statuses(booted) == {201: CLIENTS}
        assert len({answer.content for answer in booted}) == 1
        assert booted[0].json()["boot"] == 1
        key = {"Idempotency-Key": uuid4().hex}
        admitted = at_once(running, "POST", f"/v1/vms/{vm}/migrations", json={"target": other}, headers=key)
        assert statuses(admitted) == {201: CLIENTS}
        assert len({answer.content for answer in admitted}) == 1


def test_one_key_has_one_refusal(running: Service) -> None:
    for _ in ROUNDS:
        vm, _ = stage(running)
        key = {"Idempotency-Key": uuid4().hex}
        refused = at_once(running, "POST", f"/v1/vms/{vm}/migrations", json={"target": "nowhere"}, headers=key)
        assert statuses(refused) == {404: CLIENTS}
        assert len({answer.content for answer in refused}) == 1


def test_one_key_imports_once(running: Service) -> None:
    for _ in ROUNDS:
        key = {**NDJSON, "Idempotency-Key": uuid4().hex}
        imported = at_once(running, "POST", "/v1/hosts:import", content=lines(new_names(50)), headers=key)
        assert statuses(imported) == {200: CLIENTS}
        assert len({answer.content for answer in imported}) == 1
        assert imported[0].json()["created"] == 50


# Many requests, of which one can be right.


def test_only_one_creates(running: Service) -> None:
    for name in new_names(len(ROUNDS)):
        for path, document in ((f"/v1/hosts/{name}", HOST), (f"/v1/vms/{name}", VM)):
            put = at_once(running, "PUT", path, json=document, headers={"If-None-Match": "*"})
            assert statuses(put) == {201: 1, 412: CLIENTS - 1}


def test_first_report_creates(running: Service) -> None:
    for name in new_names(len(ROUNDS)):
        put = at_once(running, "PUT", f"/v1/hosts/{name}", json=HOST)
        assert statuses(put) == {201: 1, 200: CLIENTS - 1}
        assert len({answer.json()["fleet_revision"] for answer in put}) == 1


def test_only_one_changes_what_it_read(running: Service) -> None:
    for name in new_names(len(ROUNDS)):
        with connected(running.url) as client:
            tag = client.put(f"/v1/hosts/{name}", json=HOST).headers["ETag"]
        patched = at_once(running, "PATCH", f"/v1/hosts/{name}", json={"state": "cordoned"}, headers={"If-Match": tag})
        assert statuses(patched) == {200: 1, 412: CLIENTS - 1}


def test_only_one_boots(running: Service) -> None:
    for _ in ROUNDS:
        vm, (host, *_) = stage(running)
        assert statuses(at_once(running, "POST", f"/v1/vms/{vm}/boots", json={"host": host})) == {
            201: 1,
            409: CLIENTS - 1,
        }


def test_only_one_migration_is_admitted(running: Service) -> None:
    for _ in ROUNDS:
        vm, (here, *targets) = stage(running, hosts=CLIENTS + 1)
        with connected(running.url) as client:
            client.post(f"/v1/vms/{vm}/boots", json={"host": here}).raise_for_status()
        path = f"/v1/vms/{vm}/migrations"
        admitted = all_at_once(running.url, [posting(path, json={"target": target}) for target in targets])
        assert statuses(admitted) == {201: 1, 409: CLIENTS - 1}
        assert {answer.json().get("code") for answer in admitted} == {None, "vm_migrating"}


def test_migration_ends_in_one_way(running: Service) -> None:
    for _ in ROUNDS:
        vm, (here, there, *_) = stage(running)
        with connected(running.url) as client:
            client.post(f"/v1/vms/{vm}/boots", json={"host": here}).raise_for_status()
            id_ = client.post(f"/v1/vms/{vm}/migrations", json={"target": there}).json()["id"]
            path = f"/v1/migrations/{id_}"
            ends = [posting(f"{path}:{end}") for end in ("complete", "fail") * (CLIENTS // 2)]
            completed, *_ = ended = all_at_once(running.url, ends)
            assert statuses(ended) == {200: CLIENTS // 2, 409: CLIENTS // 2}
            assert client.get(f"/v1/vms/{vm}").json()["host"] == (there if completed.is_success else here)


# Many requests, each of which is right.


def test_imports_and_reports_take_turns(running: Service) -> None:
    for _ in ROUNDS:
        names = new_names(30)
        with connected(running.url) as client:
            before = client.get("/v1/hosts?limit=1").json()["fleet_revision"]
        imports = [
            posting("/v1/hosts:import", content=lines(names, vmm=f"{each}"), headers=NDJSON) for each in range(4)
        ]
        reports = [putting(f"/v1/hosts/{name}", json={**HOST, "vmm": "reported"}) for name in names[:4]]
        answers = all_at_once(running.url, [*imports, *reports])
        assert {answer.is_success for answer in answers} == {True}
        revisions = sorted(answer.json()["fleet_revision"] for answer in answers)
        assert revisions == list(range(before + 1, before + 9))


HOST: Final = {"cpus": [{"midr": "0x411fd401", "revidr": "0x0", "aidr": "0x0"}], "capabilities": ABLE}
VM: Final = {"guest": {"discovers_implementations": True}}


def new_names(count: int) -> list[str]:
    return [f"n{uuid4().hex}" for _ in range(count)]


def lines(names: list[str], **more: str) -> bytes:
    return b"\n".join(orjson.dumps({"name": name, **HOST, **more}) for name in names)


def stage(running: Service, hosts: int = 2) -> tuple[str, list[str]]:
    """A VM and hosts of its own."""
    vm, *names = new_names(hosts + 1)
    with connected(running.url) as client:
        client.post("/v1/hosts:import", content=lines(names), headers=NDJSON).raise_for_status()
        client.put(f"/v1/vms/{vm}", json={**VM, "placement": {"include_hosts": names}}).raise_for_status()
    return vm, names


def posting(path: str, **request: Any) -> Request:
    return lambda client: client.post(path, **request)


def putting(path: str, **request: Any) -> Request:
    return lambda client: client.put(path, **request)


def at_once(running: Service, method: str, path: str, **request: Any) -> list[httpx.Response]:
    return all_at_once(running.url, [lambda client: client.request(method, path, **request)] * CLIENTS)


def statuses(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)
