"""Asking where a VM may move to: one client, as a scheduler asks."""

from collections.abc import Iterator
from functools import partial

from bench.fleet import VM
from bench.lab import Lab
from bench.load import Question, put_load
from bench.report import Row, bounded, related
from bench.service import Server, taken


def measure(lab: Lab) -> Iterator[Row]:
    few, many, most = 1_000, lab.fleet(10_000), lab.fleet(100_000)
    limit = 100 if lab.quick else 1000
    with lab.loaded(few) as small, lab.loaded(many) as middle, lab.loaded(most) as large:
        questions = {
            "long page": _question(lab, middle, limit),
            "large fleet": _question(lab, large, 100),
            "small fleet": _question(lab, small, 100),
        }
        found = lab.turns({name: partial(put_load, question) for name, question in questions.items()})
    medians = {name: [load.p50 for load in loads] for name, loads in found.items()}
    slowest = [load.p99 for load in found["long page"]]
    yield bounded(f"targets, {many:,} hosts, limit {limit}: median", "ms", medians["long page"], 5)
    yield bounded(f"targets, {many:,} hosts, limit {limit}: p99", "ms", slowest)
    yield related(
        f"targets, {most:,} hosts / {few:,} hosts, limit 100: median",
        "ms",
        medians["large fleet"],
        medians["small fleet"],
        2,
    )


def _question(lab: Lab, server: Server, limit: int) -> Question:
    path = f"/v1/vms/{VM}/targets?limit={limit}"
    with server.client() as client:
        read = client.get(path)
    assert len(taken(read)["items"]) == limit, "the page must be full"
    return Question.answered_by(read.content, server.port, path, 1, lab.seconds)
