"""Whatever is in the table of capabilities can be reported, and is kept."""

import json

import httpx
import pytest

from app.domain.fleet.capabilities import CAPABILITIES, Capability
from tests.api.talk import N1, done, get, group, import_hosts

pytestmark = pytest.mark.anyio

each_capability = pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda each: each.name)


@each_capability
@pytest.mark.parametrize("answer", [True, False, None])
async def test_a_capability_is_told_as_it_was_reported(
    client: httpx.AsyncClient,
    capability: Capability,
    answer: bool | None,
) -> None:
    reported = {"cpus": [group(N1)], "capabilities": {capability.name: answer}}
    done(await client.put("/v1/hosts/h1", json=reported))
    done(await import_hosts(client, json.dumps({"name": "h2", **reported})))
    expected = {each.name: None for each in CAPABILITIES} | {capability.name: answer}
    for name in ("h1", "h2"):
        assert (await get(client, f"/v1/hosts/{name}"))["capabilities"] == expected


@each_capability
async def test_a_capability_that_becomes_known_is_a_change(client: httpx.AsyncClient, capability: Capability) -> None:
    for revision, answer in enumerate((None, True, False), 1):
        reported = {"cpus": [group(N1)], "capabilities": {capability.name: answer}}
        assert done(await client.put("/v1/hosts/h1", json=reported))["fleet_revision"] == revision


async def test_the_api_document_says_what_each_capability_takes(client: httpx.AsyncClient) -> None:
    schema = (await get(client, "/openapi.json"))["components"]["schemas"]["CapabilitiesIn"]
    told = {name: field["description"] for name, field in schema["properties"].items()}
    assert told == {each.name: each.meaning for each in CAPABILITIES}
