"""From an alert to the things it counts: the command and the URL that it names."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import yaml
from sqlalchemy import update

from app.settings import Settings
from app.storage.database import create_engine
from app.storage.tables import hosts
from tests.api.talk import N1, V1, V2, admit, boot, put_host, put_vm
from tests.api_description import operation_at
from tests.cli.program import CommandLine
from tests.failing_service import failing_service, problem
from tests.serving import serving

FILE: Final = Path(__file__).parents[2] / "deploy/prometheus/alerts.yml"
RULES: Final[list[dict[str, Any]]] = [
    rule for group in yaml.safe_load(FILE.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]
]

COUNTS_NOTHING: Final = {
    "RoadsteadHearsNothing": "about what does not come",
    "RoadsteadFails": "about requests, which the log names",
}


def test_every_other_alert_names_the_call_that_lists_what_it_counts() -> None:
    named = {rule["alert"] for rule in RULES if {"command", "url"} <= rule["annotations"].keys()}
    assert named == {rule["alert"] for rule in RULES} - COUNTS_NOTHING.keys()


@pytest.mark.parametrize("alert", [rule for rule in RULES if "url" in rule["annotations"]], ids=itemgetter("alert"))
def test_the_command_and_the_url_of_an_alert_are_one_call(alert: dict[str, Any], roadstead: CommandLine) -> None:
    url = urlsplit(alert["annotations"]["url"])
    _, *arguments = alert["annotations"]["command"].split()
    with failing_service() as service:
        service.will(problem(409, "vm_running"))
        roadstead(*arguments, "--server", service.url)
    (heard,) = service.heard
    sent = urlsplit(heard.path)
    assert (heard.method, sent.path) == ("GET", url.path)
    assert parse_qs(sent.query).items() >= parse_qs(url.query).items()
    assert parse_qs(url.query).keys() <= operation_at("GET", url.path).parameters("query")


@pytest.mark.anyio
async def test_the_url_of_an_alert_lists_what_it_counts(troubled: httpx.AsyncClient) -> None:
    counted = dict(re.findall(r"^(roadstead_\w+) (\S+)$", (await troubled.get("/metrics")).text, re.MULTILINE))
    for rule in RULES:
        if url := rule["annotations"].get("url"):
            metric, *_ = re.findall(r"roadstead_\w+", rule["expr"])
            listed = (await troubled.get(url)).raise_for_status().json()["items"]
            assert len(listed) == float(counted[metric]) > 0, rule["alert"]


@pytest.fixture
async def troubled(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    calm = Settings(database_url=database_url)
    limits = {"max_inventory_age": timedelta(days=1), "migration_timeout": timedelta(0)}
    async with serving(calm.model_copy(update=limits)) as client:
        for name, reported in (("h1", N1), ("h2", N1), ("incomplete", (*N1[:2], None)), ("unreadable", V2)):
            await put_host(client, name, reported)
        await put_host(client, "alone", V1, labels={"zone": "alone"})
        await put_host(client, "stale", N1, observed_at="2026-11-22T10:00:00Z", state="retired")
        placements = {"exposed": {"include_hosts": ["h1", "h2"]}, "alone": {"include_hosts": ["alone"]}}
        for name, host in (("exposed", "h1"), ("alone", "alone"), ("moving", "h1")):
            await put_vm(client, name, placements.get(name))
            await boot(client, name, host)
        await admit(client, "moving", "h2")
        await put_host(client, "h1", V2)
    engine = create_engine(calm)
    async with engine.begin() as connection:
        await connection.execute(update(hosts).where(hosts.c.name == "unreadable").values(labels=["none"]))
    await engine.dispose()
    async with serving(calm.model_copy(update=limits)) as client:
        yield client
