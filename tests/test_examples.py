"""The examples of the API's description can be carried out as they stand, on the fleet of the demo."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx
import pytest

from tests.demonstration import demonstration

REFUSED = {
    **dict.fromkeys(
        ("get_migration", "verify_migration", "complete_migration", "fail_migration"),
        (404, "migration_not_found", "the service makes the ids of migrations, so no example has one that is there"),
    )
}
"""Operations whose example is refused: with which status and code, and why that is as it must be."""


@dataclass(frozen=True)
class Operation:
    """One operation of the description, and what its examples say to send."""

    method: str
    path: str
    says: dict[str, Any]
    schemas: dict[str, Any]

    @cached_property
    def name(self) -> str:
        return str(self.says["operationId"])

    def send(self, client: httpx.Client, *, everything: bool) -> httpx.Response:
        """The call; with everything, also the query parameters that may be left out."""
        path = self.path
        for name, value in self._parameters("path").items():
            path = path.replace(f"{{{name}}}", value)
        query = self._parameters("query") if everything else {}
        content, headers = self._body()
        return client.request(self.method, path, params=query, content=content, headers=headers)

    def _parameters(self, place: str) -> dict[str, Any]:
        described = (each for each in self.says.get("parameters", ()) if each["in"] == place)
        examples = {each["name"]: _example(each["schema"]) for each in described}
        return {name: value for name, value in examples.items() if value is not None or place == "path"}

    def _body(self) -> tuple[bytes | None, dict[str, str]]:
        for media_type, described in self.says.get("requestBody", {}).get("content", {}).items():
            example = described.get("example") or _example(self._resolved(described["schema"]))
            assert example, f"{self.name} takes a body and has no example of one"
            content = example if isinstance(example, str) else json.dumps(example)
            return content.encode(), {"Content-Type": media_type}
        return None, {}

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        name = schema.get("$ref", "").rpartition("/")[2]
        resolved: dict[str, Any] = self.schemas[name] if name else schema
        return resolved


def _example(schema: dict[str, Any]) -> Any:
    examples = schema.get("examples") or [schema.get("default")]
    value = examples[0]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with demonstration(tmp_path_factory.mktemp("examples")) as client:
        yield client


@pytest.fixture(scope="module")
def operations(client: httpx.Client) -> list[Operation]:
    document = client.get("/openapi.json").json()
    return [
        Operation(method.upper(), path, says, document["components"]["schemas"])
        for path, methods in document["paths"].items()
        for method, says in methods.items()
    ]


def faults(operation: Operation, response: httpx.Response) -> list[str]:
    expected = REFUSED.get(operation.name)
    fits = (response.status_code, response.json()["code"]) == expected[:2] if expected else response.is_success
    return [] if fits else [f"{operation.name}: {response.request.url} {response.status_code} {response.text[:300]}"]


@pytest.mark.parametrize("everything", [False, True], ids=["required parameters", "all parameters"])
def test_examples_of_questions_are_answered(
    client: httpx.Client, operations: list[Operation], *, everything: bool
) -> None:
    asked = [operation for operation in operations if operation.method == "GET"]
    assert len(asked) > 20
    assert not [fault for each in asked for fault in faults(each, each.send(client, everything=everything))]


def test_examples_of_filters_find_something(client: httpx.Client, operations: list[Operation]) -> None:
    for operation in operations:
        if operation.method == "GET" and not REFUSED.get(operation.name):
            found = operation.send(client, everything=True).content
            assert b'"items":[]' not in found, operation.name


def test_all_can_be_tried_down_the_page(client: httpx.Client, operations: list[Operation]) -> None:
    """Each on what the ones before it have left."""
    tags = [tag["name"] for tag in client.get("/openapi.json").json()["tags"]]
    down = sorted(operations, key=lambda each: tags.index(each.says["tags"][0]))
    assert len({each.method for each in down}) == 5
    assert not [fault for each in down for fault in faults(each, each.send(client, everything=False))]
