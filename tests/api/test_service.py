import re
from collections.abc import AsyncIterator
from importlib.metadata import version

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.main import create_app
from app.settings import Settings
from tests.api.talk import N1, N2, admit, boot, get, patch_host, put_host, put_vm, refused
from tests.serving import serving

pytestmark = pytest.mark.anyio


async def test_alive(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_ready(client: httpx.AsyncClient) -> None:
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_the_root_says_what_this_is_and_where_to_go(client: httpx.AsyncClient) -> None:
    root = await get(client, "/")
    assert (root["service"], root["version"], root["api_versions"]) == ("roadstead", version("roadstead"), ["v1"])
    for link in root["links"].values():
        assert (await client.get(link)).status_code == 200, link


async def test_the_documentation_needs_no_internet(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    # What the page loads; where its link to the guide leads is another test's.
    sources = re.findall(r'<(?:script|link)[^>]* (?:src|href)="([^"]+)"', page)
    assert len(sources) >= 3
    for source in sources:
        assert source.startswith("/")
        assert (await client.get(source)).status_code == 200, source
    assert '"/openapi.json"' in page
    assert not re.findall(r"https?://", page)


async def test_the_openapi_document(client: httpx.AsyncClient) -> None:
    document = await get(client, "/openapi.json")
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == "Roadstead"


async def test_the_problem_pages(client: httpx.AsyncClient) -> None:
    pages = await client.get("/problems")
    links = re.findall(r'href="problems/(\w+)"', pages.text)
    assert len(links) > 20
    page = await client.get(f"/problems/{links[0]}")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert links[0] in page.text
    assert "How to mend it" in page.text


async def test_a_problem_that_there_is_not(client: httpx.AsyncClient) -> None:
    refused(await client.get("/problems/no_such_thing"), 404, "not_found")


@pytest.fixture
async def uncounted(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a worker that nobody has asked anything yet."""
    async with serving(settings, app=create_app(settings)) as client:
        yield client


async def metrics(client: httpx.AsyncClient) -> dict[tuple[str, ...], float]:
    """Values by the sample's name and the values of its labels."""
    answer = await client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_metrics_of_an_empty_service(client: httpx.AsyncClient) -> None:
    found = await metrics(client)
    assert found["roadstead_fleet_revision",] == 0
    assert {value for (name, *_), value in found.items() if name in ("roadstead_hosts", "roadstead_vms")} == {0}


async def test_metrics_tell_how_the_fleet_stands(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1")
    await put_host(client, "h2", N2)
    await put_host(client, "h3", (N1[0], N1[1], None), state="planned")
    for name in ("exposed", "migrating", "defined"):
        await put_vm(client, name)
    await boot(client, "exposed", "h1")
    await boot(client, "migrating", "h2")
    await admit(client, "migrating", "h1")
    await patch_host(client, "h1", cpus=[{"midr": "0x410fd4f1", "revidr": "0x0", "aidr": "0x0"}])
    found = await metrics(client)
    assert found["roadstead_fleet_revision",] == 4
    assert [found["roadstead_hosts", state] for state in ("active", "planned", "retired")] == [2, 1, 0]
    assert [found["roadstead_vms", state] for state in ("defined", "running", "migrating")] == [1, 1, 1]
    assert found["roadstead_vms_exposed",] == 1
    assert found["roadstead_hosts_identity_incomplete",] == 1
    assert found["roadstead_migrations_open",] == 1
    assert found["roadstead_migrations_overdue",] == 0


async def test_metrics_count_requests_by_route(uncounted: httpx.AsyncClient) -> None:
    for name in ("h1", "h2"):
        await uncounted.get(f"/v1/hosts/{name}")
    await uncounted.get("/nowhere")
    found = await metrics(uncounted)
    assert found["roadstead_http_requests_total", "GET", "/v1/hosts/{name}", "404"] == 2
    assert found["roadstead_http_requests_total", "GET", "(none)", "404"] == 1
    assert found["roadstead_http_request_seconds_count", "GET", "/v1/hosts/{name}"] == 2


async def test_metrics_count_lists_by_their_route_wherever_they_come_from(uncounted: httpx.AsyncClient) -> None:
    await put_host(uncounted, "h1")
    await put_vm(uncounted, "vm-1")
    digest = (await boot(uncounted, "vm-1", "h1"))["digest"]
    rendered, kept = [await uncounted.get(f"/v1/implementation-lists/{digest}") for _ in range(2)]
    assert kept.content == rendered.content
    assert {**kept.headers, "x-request-id": ""} == {**rendered.headers, "x-request-id": ""}
    assert kept.headers["X-Request-ID"] != rendered.headers["X-Request-ID"]
    found = await metrics(uncounted)
    assert found["roadstead_http_requests_total", "GET", "/v1/implementation-lists/{digest}", "200"] == 2


async def test_a_worker_serves_on_no_schema_but_its_own(empty_postgresql: str) -> None:
    """`roadstead serve` does not even start; a worker that is started anew must not end the others."""
    async with serving(Settings(database_url=empty_postgresql)) as client:
        for path, code in (("/readyz", "not_ready"), ("/v1/hosts", "database_unavailable")):
            assert "run `roadstead db upgrade`" in refused(await client.get(path), 503, code)["detail"]
