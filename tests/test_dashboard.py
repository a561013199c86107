"""The dashboard and the alerts ask for metrics that the service has, and leave none of the fleet's out."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

ROOT = Path(__file__).parents[1]
DASHBOARD = json.loads((ROOT / "deploy/grafana/roadstead.json").read_text(encoding="utf-8"))
ALERTS = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def metrics(expression: str) -> set[str]:
    return set(re.findall(r"\broadstead_\w+", expression))


def asked_of_alerts() -> Iterator[str]:
    for rule in rules():
        yield rule["expr"]


def rules() -> Iterator[dict[str, Any]]:
    for group in ALERTS["groups"]:
        yield from group["rules"]


def asked_of_panels() -> Iterator[str]:
    for panel in PANELS:
        for target in panel["targets"]:
            yield target["expr"]


@pytest.fixture
async def exported(client: httpx.AsyncClient) -> dict[str, set[str]]:
    """The metrics of a service that has answered requests and has a host: the labels of each."""
    cpus = [{"midr": "0x413fd0c1", "revidr": "0x0", "aidr": "0x0"}]
    (await client.put("/v1/hosts/h1", json={"cpus": cpus})).raise_for_status()
    found: dict[str, set[str]] = {}
    for line in (await client.get("/metrics")).text.splitlines():
        if sample := re.match(r"(\w+)(?:\{(.*)\})? ", line):
            found.setdefault(sample[1], set()).update(re.findall(r'(\w+)="', sample[2] or ""))
    return found


def unknown(expression: str, exported: dict[str, set[str]]) -> set[str]:
    """The metrics and labels that an expression names and nobody exports."""
    asked = metrics(expression)
    labels = {"job"}.union(*(exported.get(name, set()) for name in asked))
    groupings = re.findall(r"\bby \(([^)]*)\)", expression)
    named = {label.strip() for grouping in groupings for label in grouping.split(",")}
    selectors = re.findall(r"\{([^}]*)\}", expression)
    named |= {label for selector in selectors for label in re.findall(r"(\w+)=", selector)}
    return (asked - set(exported)) | (named - labels)


@pytest.mark.anyio
async def test_expressions_name_what_is_exported(exported: dict[str, set[str]]) -> None:
    expressions = [*asked_of_alerts(), *asked_of_panels()]
    assert all(metrics(expression) for expression in expressions)
    assert not {
        expression: unknown(expression, exported) for expression in expressions if unknown(expression, exported)
    }


@pytest.mark.anyio
async def test_every_metric_is_on_the_dashboard(exported: dict[str, set[str]]) -> None:
    shown = set[str]().union(*map(metrics, asked_of_panels()))
    assert {name for name in exported if not name.endswith("_created")} == shown


def test_panels_do_not_overlap_and_have_ids_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not taken & cells, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_alerts_are_those_of_the_documentation() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    (documented,) = re.findall(r"```yaml\n(groups:.*?)```", page, flags=re.DOTALL)
    assert yaml.safe_load(documented) == ALERTS


def test_alerts_say_how_urgent_they_are() -> None:
    assert {rule["labels"]["severity"] for rule in rules()} == {"page", "ticket"}
    assert all(rule["annotations"]["summary"] for rule in rules())
