"""Asking where a VM may move to: one client, as a scheduler asks."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

import uvloop

from bench import floors, postgresql
from bench.fleet import VM
from bench.lab import Lab
from bench.load import Load, Question, put_load
from bench.report import Row, bounded, compared, related
from bench.service import Server, floor, taken

_PAGES: Final = {100: 0.5, 1000: 0.4}
"""Aims by limit: parts of the floor's rate."""
_OF_SMALL: Final = 1.3


def measure(lab: Lab) -> Iterator[Row]:
    few, many, most = 1_000, lab.fleet(10_000), lab.fleet(100_000)
    pages = {limit // 10 if lab.quick else limit: aim for limit, aim in _PAGES.items()}
    with lab.loaded(few) as small, lab.loaded(many) as middle, lab.loaded(most) as large:
        bodies = {limit: _read(middle, limit) for limit in pages}
        with postgresql.database(lab.postgresql) as url:
            names = {f"limit-{limit}": body for limit, body in bodies.items()}
            uvloop.run(floors.keep_in_postgresql(url, names))
            with floor("asyncpg", floors.answer(b"", {"content-type": "application/json"}, url)) as least:
                questions = {
                    "small": _question(lab, small, min(pages)),
                    "large": _question(lab, large, min(pages)),
                    **{f"service, {limit}": _question(lab, middle, limit) for limit in pages},
                    **{f"floor, {limit}": _stored(lab, least, limit, body) for limit, body in bodies.items()},
                }
                found = lab.loads({name: partial(put_load, question) for name, question in questions.items()})
    yield from _rows(found, pages, many)
    medians = {name: [load.p50 for load in loads] for name, loads in found.items()}
    title = f"targets, {most:,} hosts / {few:,} hosts, limit {min(pages)}: median"
    yield related(title, "ms", medians["large"], medians["small"], _OF_SMALL)


def _rows(found: Mapping[str, list[Load]], pages: Mapping[int, float], hosts: int) -> Iterator[Row]:
    for limit, aim in pages.items():
        ours, least = found[f"service, {limit}"], found[f"floor, {limit}"]
        title = f"targets, {hosts:,} hosts, limit {limit}"
        # One client's rate at the median: a pause of the machine is then nobody's.
        rates, most = ([1000 / load.p50 for load in loads] for loads in (ours, least))
        yield compared(f"{title} / FastAPI + asyncpg select", "req/s", rates, most, aim)
        yield bounded(f"{title}: median", "ms", [load.p50 for load in ours])
        yield bounded(f"{title}: p99", "ms", [load.p99 for load in ours])


def _read(server: Server, limit: int) -> bytes:
    with server.client() as client:
        read = client.get(_path(limit))
    assert len(taken(read)["items"]) == limit, "the page must be full"
    return read.content


def _path(limit: int) -> str:
    return f"/v1/vms/{VM}/targets?limit={limit}"


def _question(lab: Lab, server: Server, limit: int) -> Question:
    return Question.answered_by(_read(server, limit), server.port, _path(limit), 1, lab.seconds)


def _stored(lab: Lab, server: Server, limit: int, body: bytes) -> Question:
    return Question.answered_by(body, server.port, f"/v1/vms/limit-{limit}/targets?limit={limit}", 1, lab.seconds)
