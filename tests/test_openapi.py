import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.api.models.problems import ProblemOut
from app.api.models.reasons import ReasonOut
from app.main import create_app
from app.settings import Settings
from app.storage.schema import upgrade
from tests.databases import sqlite_url
from tests.openapi_document import openapi_document
from tests.waiting import PATIENCE

COMMITTED = Path(__file__).parent.parent / "openapi.json"
METHODS = {"get", "put", "post", "patch", "delete"}

document: dict[str, Any] = create_app().openapi()
operations: list[tuple[str, str, dict[str, Any]]] = [
    (method, path, operation) for path, methods in document["paths"].items() for method, operation in methods.items()
]


def test_the_committed_document_is_the_present_one() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == openapi_document(), (
        "the contract has changed: review it, then `python -m tests.openapi_document > openapi.json`"
    )


def test_operation_ids_are_distinct_names() -> None:
    ids = [operation["operationId"] for _, _, operation in operations]
    assert len(set(ids)) == len(ids) >= 38
    assert all(id_.isidentifier() and id_ == id_.lower() and "_" in id_ for id_ in ids)


def test_every_operation_is_described() -> None:
    tags = {tag["name"] for tag in document["tags"]}
    for method, path, operation in operations:
        assert method in METHODS
        assert operation["summary"], path
        assert not operation["summary"].endswith("."), path
        assert operation["description"].endswith("."), path
        assert operation["tags"], path
        assert set(operation["tags"]) <= tags, path


def test_every_parameter_is_described() -> None:
    for method, path, operation in operations:
        for parameter in operation.get("parameters", []):
            assert parameter.get("description") or parameter["name"] == "id", (method, path, parameter["name"])


def test_every_problem_is_a_problem_with_an_example() -> None:
    for _, path, operation in operations:
        for status, response in operation["responses"].items():
            if int(status) < 400:
                continue
            (content,) = response["content"].items()
            assert content[0] == "application/problem+json", (path, status)
            assert content[1]["schema"] == {"$ref": "#/components/schemas/ProblemOut"}
            for code, example in content[1]["examples"].items():
                assert (example["value"]["code"], example["value"]["status"]) == (code, int(status))
                assert example["value"].keys() <= ProblemOut.model_fields.keys()
                for reason in example["value"].get("reasons", ()):
                    assert (
                        {"code", "detail", "remedy", "help", "lasting"}
                        <= reason.keys()
                        <= ReasonOut.model_fields.keys()
                    )


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(document)
    named = {part.split('"')[0] for part in text.split('"$ref": "#/components/schemas/')[1:]}
    assert named <= set(document["components"]["schemas"])


def example(schema: str) -> dict[str, Any]:
    """The example that the document gives of a request."""
    (given,) = document["components"]["schemas"][schema]["examples"]
    return dict(given)


def bring_in_the_examples(client: httpx.Client) -> None:
    """Make the hosts and the VM that the examples speak of. People copy them: each must be accepted."""
    for host in (example("BootIn")["host"], example("PreviewIn")["host"], example("MigrationIn")["target"]):
        client.put(f"/v1/hosts/{host}", json=example("HostIn")).raise_for_status()
    client.put("/v1/vms/vm-1", json=example("VmIn")).raise_for_status()
    client.post("/v1/placements:preview", json=example("PreviewIn")).raise_for_status()
    client.post("/v1/vms/vm-1/boots", json=example("BootIn")).raise_for_status()
    client.post("/v1/vms/vm-1/hypercalls", json=example("HypercallIn")).raise_for_status()
    migration = client.post("/v1/vms/vm-1/migrations", json=example("MigrationIn")).raise_for_status().json()
    client.post(f"/v1/migrations/{migration['id']}:fail").raise_for_status()


# What a fuzzer finds.


@contextmanager
def running(directory: Path) -> Iterator[str]:
    """The service on a real socket, over an empty SQLite database."""
    url = sqlite_url(directory / "roadstead.db")
    upgrade(url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(
            uvicorn.Config(create_app(Settings(database_url=url)), log_config=None, timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield "http://{}:{}".format(*listening.getsockname())
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service that has what the document's examples speak of."""
    with running(tmp_path_factory.mktemp("fuzzed")) as url:
        with httpx.Client(base_url=url, timeout=PATIENCE) as client:
            bring_in_the_examples(client)
        yield url


@schemathesis.serializer("application/x-ndjson")
def ndjson(_: object, value: object) -> bytes:
    return value.encode(errors="replace") if isinstance(value, str) else json.dumps(value).encode()


schema = schemathesis.openapi.from_dict(document)


@schema.parametrize()
@hypothesis_settings(max_examples=10, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_fuzzed(case: schemathesis.Case[Any], service: str) -> None:
    """No request makes the service fail, and every answer is one that the document promises."""
    answer = case.call(base_url=service)
    checks = [not_a_server_error, content_type_conformance, response_schema_conformance]
    # No operation announces what the framework refuses by itself: another path or method, a body it cannot read.
    if answer.status_code not in (400, 404, 405):
        checks.append(status_code_conformance)
    case.validate_response(answer, checks=checks)
