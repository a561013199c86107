"""What the framework refuses by itself is a problem like any other."""

import json
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from app.settings import Settings
from tests.api.talk import PROBLEM, Json, host, pointers, put_host, refused, vm
from tests.api_description import DOCUMENT
from tests.serving import serving

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}
OPEN = {"/healthz", "/readyz"}
"""Of the operations, those that take any parameter: probes append their own."""


async def test_no_such_path(client: httpx.AsyncClient) -> None:
    for path in ("/nowhere", "/v1", "/v1/hosts/", "/v1/hosts/h1/nothing", "/v2/hosts", "/docs/assets/x"):
        assert refused(await client.get(path), 404, "not_found")["detail"] == (
            f'there is nothing at "{path}"; /docs has the paths'
        )


async def test_no_such_method(client: httpx.AsyncClient) -> None:
    for method, path, allowed in (
        ("POST", "/v1/hosts", "GET"),
        ("DELETE", "/v1/hosts", "GET"),
        ("GET", "/v1/hosts:import", "POST"),
        ("PUT", "/v1/vms/vm-1/implementation-list", "GET"),
        ("POST", "/v1/implementation-lists/abc", "GET"),
        ("POST", "/v1/hosts/h1", "DELETE, GET, PATCH, PUT"),
        ("PATCH", "/v1/vms/vm-1/boots", "GET, POST"),
        ("POST", "/docs/assets/swagger-ui.css", "GET, HEAD"),
        ("HEAD", "/v1/hosts", "GET"),
    ):
        answer = await client.request(method, path)
        assert answer.headers["Allow"] == allowed
        if method != "HEAD":
            assert refused(answer, 405, "method_not_allowed")["detail"] == f'"{path}" takes {allowed}, not {method}'


WITH_BODIES: list[tuple[str, str, Json]] = [
    ("PUT", "/v1/hosts/h1", host()),
    ("PATCH", "/v1/hosts/h1", {"state": "active"}),
    ("PUT", "/v1/vms/vm-1", vm()),
    ("POST", "/v1/vms/vm-1/boots", {"host": "h1"}),
    ("POST", "/v1/vms/vm-1/migrations", {"target": "h1"}),
    ("POST", "/v1/vms/vm-1/hypercalls", {"function_id": "0xc6000040"}),
    ("POST", "/v1/placements:preview", {"host": "h1", "guest": {"discovers_implementations": True}}),
]


async def test_malformed_json(client: httpx.AsyncClient) -> None:
    for body in (
        "",
        "{",
        "{'cpus': []}",
        '{"cpus": [}',
        "nothing",
        '{"cpus": [{"midr": 0x1}]}',
        "\N{REPLACEMENT CHARACTER}",
    ):
        for method, path, _ in WITH_BODIES:
            answer = await client.request(method, path, content=body, headers=JSON)
            assert pointers(answer) == [""]


async def test_json_that_is_no_object(client: httpx.AsyncClient) -> None:
    for body in ("[]", "5", "null", '"text"'):
        for method, path, _ in WITH_BODIES:
            answer = await client.request(method, path, content=body, headers=JSON)
            assert pointers(answer) == [""]


async def test_a_body_that_is_not_said_to_be_json(client: httpx.AsyncClient) -> None:
    for content_type in (None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx"):
        headers = {} if content_type is None else {"Content-Type": content_type}
        for method, path, body in WITH_BODIES:
            answer = await client.request(method, path, content=json.dumps(body).encode(), headers=headers)
            refused(answer, 415, "unsupported_media_type")


async def test_ways_to_say_that_it_is_json(client: httpx.AsyncClient) -> None:
    body = json.dumps(host()).encode()
    for content_type in ("application/json", "Application/JSON; charset=utf-8", "application/x+json"):
        answer = await client.put("/v1/hosts/h1", content=body, headers={"Content-Type": content_type})
        assert answer.status_code in (200, 201)


async def test_a_body_that_is_too_large(settings: Settings) -> None:
    body = json.dumps({"labels": {"a": "x" * 2000}}).encode()

    async def in_parts() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100):
            yield body[start : start + 100]

    async with serving(settings.model_copy(update={"max_body_bytes": 1024})) as client:
        for method, path, _ in WITH_BODIES:
            refused(await client.request(method, path, content=body, headers=JSON), 413, "body_too_large")
            # Nor where its size is not said beforehand.
            refused(await client.request(method, path, content=in_parts(), headers=JSON), 413, "body_too_large")


async def test_a_body_of_the_largest_size_is_taken(settings: Settings) -> None:
    body = json.dumps(host(labels={"a": ""})).encode()
    async with serving(settings.model_copy(update={"max_body_bytes": 1024})) as client:
        fitting = body + b" " * (1024 - len(body))
        assert (await client.put("/v1/hosts/h1", content=fitting, headers=JSON)).status_code == 201
        refused(await client.put("/v1/hosts/h1", content=fitting + b" ", headers=JSON), 413, "body_too_large")


async def test_faulty_parameters_are_named(client: httpx.AsyncClient) -> None:
    for path, pointer in (
        ("/v1/hosts?limit=0", "/limit"),
        ("/v1/hosts?limit=1001", "/limit"),
        ("/v1/hosts?limit=many", "/limit"),
        ("/v1/hosts?state=broken", "/state/0"),
        ("/v1/hosts?implementation=413fd0c1", "/implementation"),
        ("/v1/hosts?implementation=0x1,0x1,0x1,0x1", "/implementation"),
        ("/v1/vms?state=active", "/state/0"),
        ("/v1/vms?host=H1", "/host"),
        ("/v1/vms/vm-1/hypercalls?abi=other", "/abi"),
        ("/v1/vms/vm-1/implementation-list?format=xml", "/format"),
        ("/v1/vms/vm-1/boots/1?format=xml", "/format"),
        ("/v1/vms/vm-1/boots/-1", "/number"),
        ("/v1/implementation-lists/00?format=xml", "/format"),
        ("/v1/migrations?state=open", "/state"),
        ("/v1/migrations/a_b", "/id"),
    ):
        assert pointers(await client.get(path)) == [pointer]


async def test_the_place_of_a_faulty_parameter_is_named(client: httpx.AsyncClient) -> None:
    (error,) = (await client.get("/v1/hosts", params={"limit": 0})).json()["errors"]
    assert error["location"] == "query"
    (error,) = (await client.get("/v1/hosts/H1")).json()["errors"]
    assert error["location"] == "path"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "/v1/vms?exposd=true",
            "did you mean exposed? It takes accepting_hazards, cursor, exposed, host, limit, outdated, state,",
        ),
        ("/v1/hosts?Limit=3", '"Limit" is no parameter of this request: did you mean limit?'),
        ("/v1/hosts/h1?state=active", '"state" is no parameter of this request. It takes none'),
        ("/v1/implementation-lists/x?fromat=qemu", "did you mean format? It takes format"),
        ("/metrics?name[]=up", '"name[]" is no parameter of this request. It takes none'),
        ("/?a", '"a" is no parameter of this request. It takes none'),
        ("/v1/hosts?" + "%1b%0a" * 100, '"\\u001b\\n'),
    ],
)
async def test_an_unknown_parameter_is_refused_with_those_that_there_are(
    client: httpx.AsyncClient, path: str, said: str
) -> None:
    (error,) = refused(await client.get(path), 422, "invalid_request")["errors"]
    assert error["location"] == "query"
    assert said in error["detail"]


async def test_every_unknown_parameter_is_named_but_never_thousands(client: httpx.AsyncClient) -> None:
    assert pointers(await client.get("/v1/hosts?a=1&limit=1&b=&b=2&c/d")) == ["/a", "/b", "/c~1d"]
    many = "&".join(f"lim{number}" for number in range(5_000))
    assert len(pointers(await client.get(f"/v1/hosts?{many}"))) == 20


async def test_no_operation_takes_a_parameter_that_is_not_documented(client: httpx.AsyncClient) -> None:
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            asked = await client.request(method, f"{re.sub('{[^}]+}', 'x', path)}?no_such_thing=1")
            if path in OPEN:
                assert asked.status_code == 200
                continue
            (error,) = refused(asked, 422, "invalid_request")["errors"]
            assert error["pointer"] == "/no_such_thing"
            for name in (each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"):
                assert name in error["detail"].rpartition("It takes ")[2].split(", ")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs", "/problems", "/problems/not_found", "/openapi.json"])
async def test_probes_and_pages_take_what_others_append(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"{path}?utm_source=x&_=17")).status_code == 200


async def test_many_faults_are_all_named(client: httpx.AsyncClient) -> None:
    body = {"cpus": [{"midr": "x", "revidr": -1, "a/b~c": 1}], "state": "gone", "capacity": {"vcpus": "4"}}
    assert set(pointers(await client.put("/v1/hosts/h1", json=body))) == {
        "/cpus/0/midr",
        "/cpus/0/revidr",
        "/cpus/0/a~1b~0c",
        "/state",
        "/capacity/vcpus",
        "/capacity/memory_mib",
    }


async def test_text_that_is_no_unicode_is_refused_and_not_a_failure(client: httpx.AsyncClient) -> None:
    for body in ('{"labels": {"a": "\\ud800"}}', '{"\\ud800": 1}', '{"labels": {"\\ud800": "a"}}'):
        for method in ("PUT", "PATCH"):
            await put_host(client, "h1")
            answer = await client.request(method, "/v1/hosts/h1", content=body, headers=JSON)
            assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)


async def test_bytes_that_are_no_text_are_refused(client: httpx.AsyncClient) -> None:
    answer = await client.put("/v1/hosts/h1", content=b"\xff\xfe{}", headers=JSON)
    assert pointers(answer) == [""]


async def test_json_that_is_too_deep_to_be_read(client: httpx.AsyncClient) -> None:
    answer = await client.put("/v1/hosts/h1", content="[" * 50_000 + "]" * 50_000, headers=JSON)
    refused(answer, 422, "invalid_request")
    assert pointers(answer) == [""]


async def test_a_number_that_is_too_long_to_be_read(client: httpx.AsyncClient) -> None:
    body = f'{{"cpus": [{{"midr": {"9" * 5000}, "revidr": 0}}]}}'
    for method in ("PUT", "PATCH"):
        assert pointers(await client.request(method, "/v1/hosts/h1", content=body, headers=JSON)) == [""]


async def test_json_of_any_depth_is_no_failure(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1")
    for depth in (10, *range(700, 1000, 3)):
        body = '{"labels":' * depth + "1" + "}" * depth
        for method in ("PUT", "PATCH"):
            answer = await client.request(method, "/v1/hosts/h1", content=body, headers=JSON)
            refused(answer, 422, "invalid_request")


# Request ids.


async def test_every_answer_has_a_request_id(client: httpx.AsyncClient) -> None:
    seen = set()
    for path in (
        "/healthz",
        "/nowhere",
        "/v1/hosts",
        "/v1/hosts/h1",
        "/v1/hosts/H1",
        "/metrics",
        "/docs",
        "/openapi.json",
    ):
        seen.add((await client.get(path)).headers["X-Request-ID"])
    assert len(seen) == 8


async def test_the_caller_s_request_id_is_kept(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/hosts/h1", headers={"X-Request-ID": "deploy-7.step:3_a"})
    assert answer.headers.get_list("X-Request-ID") == ["deploy-7.step:3_a"]
    assert refused(answer, 404, "host_not_found")["request_id"] == "deploy-7.step:3_a"


@pytest.mark.parametrize("sent", ["", "a b", "a" * 129, 'a"b', "<script>"])
async def test_a_request_id_that_could_do_harm_is_replaced(client: httpx.AsyncClient, sent: str) -> None:
    answer = await client.get("/healthz", headers={"X-Request-ID": sent})
    assert answer.headers["X-Request-ID"] != sent
    assert len(answer.headers["X-Request-ID"]) == 32
