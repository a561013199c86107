"""What the tests say to the service, and how they read its answers."""

from typing import Any

import httpx

Json = dict[str, Any]

Triple = tuple[int, int, int | None]
"""MIDR, REVIDR and AIDR; None where AIDR is unknown."""

# No pair of these weakens a guest (rule 12).
N1: Triple = (0x413FD0C1, 0, 0)
N1_NEW: Triple = (0x413FD0C1, 1, 0)
N2: Triple = (0x410FD490, 0, 0)
V1: Triple = (0x411FD401, 0, 0)
V2: Triple = (0x410FD4F1, 0, 0)


def unheard_of(number: int) -> Triple:
    """A CPU that no table knows; the numbers, up to 4,095, tell such CPUs apart and order them."""
    return 0x990F_0000 | number << 4, 0, 0


ABLE: Json = {"writable_id_registers": True, "discovery_hypercalls": True}
"""What a host must be able to do to take a VM over in discoverable mode."""

PROBLEM = "application/problem+json"


def group(implementation: Triple, cpu_list: str | None = None) -> Json:
    """CPUs of a host, as its collector reports them."""
    midr, revidr, aidr = implementation
    registers: Json = {"midr": f"{midr:#x}", "revidr": f"{revidr:#x}", "aidr": None if aidr is None else f"{aidr:#x}"}
    return registers if cpu_list is None else {"cpu_list": cpu_list, **registers}


def host(*groups: Triple | Json, **fields: object) -> Json:
    """A host that can do all that is asked of one, with these CPUs."""
    cpus = [group(each) if isinstance(each, tuple) else each for each in groups or (N1,)]
    return {"cpus": cpus, "capabilities": ABLE, **fields}


def vm(placement: Json | None = None, *, discovers: bool = True, **fields: object) -> Json:
    return {"placement": placement or {}, "guest": {"discovers_implementations": discovers}, **fields}


def triples(implementations: list[Json]) -> list[Triple]:
    """The registers of implementations in an answer."""
    return [
        (int(each["midr"], 16), int(each["revidr"], 16), None if each["aidr"] is None else int(each["aidr"], 16))
        for each in implementations
    ]


def codes(reasons: list[Json]) -> list[str]:
    return [reason["code"] for reason in reasons]


async def put_host(client: httpx.AsyncClient, name: str, *groups: Triple | Json, **fields: object) -> Json:
    return done(await client.put(f"/v1/hosts/{name}", json=host(*groups, **fields)))


async def patch_host(client: httpx.AsyncClient, name: str, **fields: object) -> Json:
    return done(await client.patch(f"/v1/hosts/{name}", json=fields))


async def put_vm(
    client: httpx.AsyncClient, name: str, placement: Json | None = None, *, discovers: bool = True, **fields: object
) -> Json:
    return done(await client.put(f"/v1/vms/{name}", json=vm(placement, discovers=discovers, **fields)))


async def boot(client: httpx.AsyncClient, name: str, on: str, **fields: object) -> Json:
    return done(await client.post(f"/v1/vms/{name}/boots", json={"host": on, **fields}), 201)


async def stop(client: httpx.AsyncClient, name: str) -> Json:
    return done(await client.post(f"/v1/vms/{name}/stop"))


async def admit(client: httpx.AsyncClient, name: str, target: str) -> Json:
    return done(await client.post(f"/v1/vms/{name}/migrations", json={"target": target}), 201)


async def close(client: httpx.AsyncClient, migration: Json, how: str) -> Json:
    """Report how a migration went: `complete`, `fail`; or ask to `verify` it."""
    return done(await client.post(f"/v1/migrations/{migration['id']}:{how}"))


async def get(client: httpx.AsyncClient, path: str, **params: str | int) -> Json:
    return done(await client.get(path, params=params))


async def import_hosts(client: httpx.AsyncClient, lines: str | bytes, **params: str) -> httpx.Response:
    headers = {"Content-Type": "application/x-ndjson"}
    return await client.post("/v1/hosts:import", content=lines, params=params, headers=headers)


def done(answer: httpx.Response, *statuses: int) -> Json:
    """The body of an answer that must be a success, and of one of these statuses if any are given."""
    assert answer.status_code in (statuses or (200, 201)), answer.text
    body: Json = answer.json()
    return body


def refused(answer: httpx.Response, status: int, code: str) -> Json:
    """The body of an answer that must be this problem (RFC 9457)."""
    assert answer.headers["Content-Type"] == PROBLEM, answer.text
    problem: Json = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert problem["status"] == status
    assert problem["type"] == f"{answer.request.url.copy_with(raw_path=b'/')}problems/{code}"
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    return problem


def pointers(answer: httpx.Response, code: str = "invalid_request") -> list[str]:
    """Where a request is at fault; the answer must be a 422."""
    errors = refused(answer, 422, code)["errors"]
    assert all(error["detail"] for error in errors)
    return [error["pointer"] for error in errors]
