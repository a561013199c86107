"""The operations of the API's description, sent as their examples say."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx

from app.api.models.common import EXAMPLE_MIGRATION


@dataclass(frozen=True)
class Described:
    """One operation of the description, and what its examples say to send."""

    method: str
    path: str
    says: Mapping[str, Any]
    schemas: Mapping[str, Any]

    @cached_property
    def name(self) -> str:
        return str(self.says["operationId"])

    def send(
        self,
        client: httpx.Client,
        *,
        everything: bool,
        instead: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The call; with everything, also the query parameters that may be left out. `instead` are other values."""
        path = self.path
        for name, value in (self._parameters("path") | dict(instead or {})).items():
            path = path.replace(f"{{{name}}}", _known(value, client))
        query = self._parameters("query") if everything else {}
        query |= {name: value for name, value in (instead or {}).items() if name in self._described("query")}
        content, headers = self._body()
        return client.request(self.method, path, params=query, content=content, headers=headers)

    def takes(self, parameter: str) -> bool:
        return parameter in self._described("query")

    def _described(self, place: str) -> dict[str, Mapping[str, Any]]:
        return {each["name"]: each["schema"] for each in self.says.get("parameters", ()) if each["in"] == place}

    def _parameters(self, place: str) -> dict[str, Any]:
        examples = {name: _example(schema) for name, schema in self._described(place).items()}
        return {name: value for name, value in examples.items() if value is not None or place == "path"}

    def _body(self) -> tuple[bytes | None, dict[str, str]]:
        for media_type, described in self.says.get("requestBody", {}).get("content", {}).items():
            example = described.get("example") or _example(self._resolved(described["schema"]))
            assert example, f"{self.name} takes a body and has no example of one"
            content = example if isinstance(example, str) else json.dumps(example)
            return content.encode(), {"Content-Type": media_type}
        return None, {}

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        name = schema.get("$ref", "").rpartition("/")[2]
        resolved: Mapping[str, Any] = self.schemas[name] if name else schema
        return resolved


def described(document: Mapping[str, Any]) -> Sequence[Described]:
    """All of them in the order of the page: by tag, then as they stand."""
    tags = [tag["name"] for tag in document["tags"]]
    return sorted(_all(document), key=lambda each: tags.index(each.says["tags"][0]))


def _all(document: Mapping[str, Any]) -> Iterator[Described]:
    for path, methods in document["paths"].items():
        for method, says in methods.items():
            yield Described(method.upper(), path, says, document["components"]["schemas"])


def _example(schema: Mapping[str, Any]) -> Any:
    examples = schema.get("examples") or [schema.get("default")]
    value = examples[0]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _known(value: str, client: httpx.Client) -> str:
    """The service makes the ids of migrations: the example stands for the last that is open, or the last."""
    if value != EXAMPLE_MIGRATION:
        return value
    for asked in ({"state": "admitted"}, {}):
        if found := client.get("/v1/migrations", params=asked).raise_for_status().json()["items"]:
            return str(found[-1]["id"])
    return value
