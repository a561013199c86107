"""openapi.json, as those read it who hold the client and the command line against it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

Schema = Mapping[str, Any]

DOCUMENT: Final[Schema] = json.loads((Path(__file__).parent.parent / "openapi.json").read_text(encoding="utf-8"))
JSON: Final = "application/json"


def resolved(schema: Schema) -> Schema:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Schema = DOCUMENT["components"]["schemas"][name] if name else schema
    return found


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    says: Schema

    def parameters(self, place: str) -> frozenset[str]:
        """The names of those that stand there: in `query` or `header`."""
        found = (each["name"] for each in self.says.get("parameters", ()) if each["in"] == place)
        return frozenset(name.lower() if place == "header" else name for name in found)

    def choices(self, parameter: str) -> frozenset[object]:
        """The words that a query parameter takes, if they are given."""
        (schema,) = (resolved(each["schema"]) for each in self.says["parameters"] if each["name"] == parameter)
        return frozenset(schema.get("enum", ()))

    @property
    def body(self) -> Schema | None:
        """The schema of a body in JSON."""
        content = self.says.get("requestBody", {}).get("content", {})
        return content[JSON]["schema"] if JSON in content else None

    @property
    def answer(self) -> Schema | None:
        """The schema of an answer in JSON; None where there is none."""
        good = [said for status, said in self.says["responses"].items() if status.startswith("2")]
        schemas = [said["content"][JSON]["schema"] for said in good if JSON in said.get("content", {})]
        assert all(schema == schemas[0] for schema in schemas)
        return schemas[0] if schemas else None

    def is_at(self, method: str, path: str) -> bool:
        return method == self.method and bool(self._pattern.fullmatch(path))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        fixed = re.split(r"\{\w+\}", self.path)
        return re.compile(r"[^/:]+".join(re.escape(part) for part in fixed))


OPERATIONS: Final = {
    says["operationId"]: Operation(says["operationId"], method.upper(), path, says)
    for path, methods in DOCUMENT["paths"].items()
    for method, says in methods.items()
}


def operation_at(method: str, path: str) -> Operation:
    """Which operation a request is of."""
    (found,) = (each for each in OPERATIONS.values() if each.is_at(method, path))
    return found
