"""Reading a list by its digest: what a VMM or a cache does, any number of times."""

from collections.abc import Iterator
from functools import partial

from bench.fleet import VM
from bench.floors import answer
from bench.lab import Lab
from bench.load import Question, put_load
from bench.report import Row, bounded, compared
from bench.service import floor, taken

_HOSTS = 20
"""Few, so that the list has about a dozen entries."""


def measure(lab: Lab) -> Iterator[Row]:
    with lab.loaded(_HOSTS) as ours:
        with ours.client() as client:
            digest = taken(client.get(f"/v1/vms/{VM}/implementation-list"))["digest"]
            path = f"/v1/implementation-lists/{digest}"
            read = client.get(path)
        headers = {name: read.headers[name] for name in ("etag", "cache-control", "content-type")}
        told = answer(read.content, headers)
        with floor("fastapi", told) as fastapi, floor("starlette", told) as starlette:
            servers = {"service": ours, "fastapi": fastapi, "starlette": starlette}
            questions = {
                name: Question.answered_by(read.content, server.port, path, 32, lab.seconds)
                for name, server in servers.items()
            }
            found = lab.loads({name: partial(put_load, question) for name, question in questions.items()})
    rates = {name: [load.rate for load in loads] for name, loads in found.items()}
    yield compared("list by digest / FastAPI route", "req/s", rates["service"], rates["fastapi"], 0.8)
    yield compared("list by digest / Starlette route", "req/s", rates["service"], rates["starlette"])
    yield bounded("list by digest, p99 of 32 clients", "ms", [load.p99 for load in found["service"]])
