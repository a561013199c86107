"""Boots and migrations when many come at once, in a small and a large fleet: what the same transactions cost bare."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Final, NamedTuple

import httpx

from bench import postgresql
from bench.cycle import Client, Course, pace
from bench.fleet import DEFINITION, VM
from bench.lab import Lab
from bench.report import Row, compared
from bench.routes import CONNECTIONS
from bench.service import Server, floor, load_fleet, roadstead, taken

_CLIENTS: Final = 16
_WORKERS: Final = (1, 2)
_OF_FLOOR: Final = 0.35
_OF_SMALL: Final = 0.8


class _Stand(NamedTuple):
    """A fleet of some size in a database, with services on it and floors."""

    url: str
    hosts: int
    services: Mapping[int, Server]
    """By number of workers."""
    routes: Sequence[Server]
    """One process each."""
    ours: Sequence[Client]
    floors: Sequence[Client]


def on_postgresql(lab: Lab) -> Iterator[Row]:
    with ExitStack() as stack:
        urls = [stack.enter_context(postgresql.database(lab.postgresql)) for _ in range(2)]
        yield from _measured(lab, "PostgreSQL", urls)


def on_sqlite(lab: Lab) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="rs-") as home:
        yield from _measured(lab, "SQLite", [f"sqlite:///{home}/{name}.db" for name in ("small", "large")])


def _measured(lab: Lab, database: str, urls: Sequence[str]) -> Iterator[Row]:
    sizes = (1_000, lab.fleet(100_000))
    with ExitStack() as stack:
        stands = [stack.enter_context(_stand(url, hosts)) for url, hosts in zip(urls, sizes, strict=True)]
        if database == "PostgreSQL":
            for url in urls:
                postgresql.execute(url, "VACUUM ANALYZE")
        variants = {
            f"{what}, {stand.hosts:,} hosts, {workers} workers, {who}": partial(pace, courses)
            for what, moves in (("boots", False), ("cycles", True))
            for workers in _WORKERS
            for stand in stands
            for who, courses in _courses(lab, stand, workers, moves=moves).items()
        }
        found = lab.loads(variants)
    for what in ("boots", "cycles"):
        for workers in _WORKERS:
            yield from _rows(found, database, what, workers, sizes)


def _rows(
    found: Mapping[str, list[float]], database: str, what: str, workers: int, sizes: tuple[int, int]
) -> Iterator[Row]:
    title, unit = f"{what} on {database}, {workers} worker{'s' * (workers > 1)}", f"{what}/s"
    for hosts in sizes:
        name = f"{what}, {hosts:,} hosts, {workers} workers"
        ours, route, bare = (found[f"{name}, {who}"] for who in ("service", "routes", "transactions"))
        yield compared(f"{title}, {hosts:,} hosts / FastAPI + one transaction", unit, ours, route, _OF_FLOOR)
        yield compared(f"{title}, {hosts:,} hosts / transactions without HTTP", unit, ours, bare)
    small, large = (found[f"{what}, {hosts:,} hosts, {workers} workers, service"] for hosts in sizes)
    yield compared(f"{title}, {sizes[1]:,} hosts / {sizes[0]:,} hosts", unit, large, small, _OF_SMALL)


def _courses(lab: Lab, stand: _Stand, workers: int, *, moves: bool) -> Mapping[str, Sequence[Course]]:
    def course(program: str, at: str, clients: Sequence[Client]) -> Course:
        # Time enough to open the connections and to meet each statement once.
        seconds, warm_up = lab.seconds, lab.seconds / 2
        return Course(program=program, at=at, clients=tuple(clients), moves=moves, warm_up=warm_up, seconds=seconds)

    shares = [stand.floors[first::workers] for first in range(workers)]
    routes = zip(stand.routes, shares, strict=False)
    return {
        "service": [course("bench.cycle", str(stand.services[workers].port), stand.ours)],
        "routes": [course("bench.cycle", str(route.port), share) for route, share in routes],
        "transactions": [course("bench.transactions", stand.url, share) for share in shares],
    }


@contextmanager
def _stand(url: str, hosts: int) -> Iterator[_Stand]:
    with ExitStack() as stack:
        first = stack.enter_context(roadstead(url, database_pool_size=str(CONNECTIONS)))
        with first.client() as client:
            load_fleet(client, hosts)
            ours, floors = (_clients(client, kind) for kind in ("ours", "floor"))
            answers = _answers(client, floors[0])
        more = {
            workers: stack.enter_context(roadstead(url, workers, database_pool_size=str(CONNECTIONS)))
            for workers in _WORKERS
            if workers > 1
        }
        for workers, server in more.items():
            _wake(server, workers)
        told = {"database": url, "clients": floors, "answers": answers}
        routes = [stack.enter_context(floor("transactions", told)) for _ in range(max(_WORKERS))]
        yield _Stand(url, hosts, {1: first, **more}, routes, ours, floors)


def _wake(server: Server, workers: int) -> None:
    """Have each worker read the fleet before it is measured; the kernel deals connections out as it likes."""
    for _ in range(8 * workers):
        with server.client() as client:
            taken(client.get(f"/v1/vms/{VM}/targets?limit=1"))


def _answers(client: httpx.Client, mover: Client) -> Mapping[str, str]:
    """What the service answers in the life of a VM, for the floor to answer the same; all of one migration."""

    def answered(path: str, document: object = None) -> str:
        answer = client.post(path, json=document)
        taken(answer)
        return answer.text

    vm = f"/v1/vms/{mover.vm}"
    boot = answered(f"{vm}/boots", {"host": mover.source})
    admit = answered(f"{vm}/migrations", {"target": mover.target})
    migration = json.loads(admit)["id"]
    verify, complete = (answered(f"/v1/migrations/{migration}:{step}") for step in ("verify", "complete"))
    stop = answered(f"{vm}/stop")
    return {"boot": boot, "migration": migration, "admit": admit, "verify": verify, "complete": complete, "stop": stop}


def _clients(client: httpx.Client, kind: str) -> Sequence[Client]:
    """VMs that were booted once, each with two hosts that are targets of each other."""
    targets = [each["host"] for each in taken(client.get(f"/v1/vms/{VM}/targets?limit={2 * _CLIENTS}"))["items"]]
    assert len(targets) == 2 * _CLIENTS
    found = [Client(f"{kind}-{n}", targets[2 * n], targets[2 * n + 1]) for n in range(_CLIENTS)]
    for each in found:
        taken(client.put(f"/v1/vms/{each.vm}", json=DEFINITION))
        taken(client.post(f"/v1/vms/{each.vm}/boots", json={"host": each.source}))
        taken(client.post(f"/v1/vms/{each.vm}/stop"))
    return found
