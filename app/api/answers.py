"""What the OpenAPI document shows of answers: each is one that the demo has given, with the headers it had.

They are recorded in answers.json (`python -m tests.recorded_answers`), and a test holds them against the demo.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).with_name("answers.json")

HEADERS: Final[Mapping[str, str]] = {
    "ETag": "Entity tag of what is answered. Send it in `If-None-Match` to ask whether that has changed, and in "
    "`If-Match` to change nothing else.",
    "Location": "Path of what was created.",
    "Cache-Control": "Whether and for how long the answer may be kept.",
}
"""What headers of answers mean, beside those that every answer has."""

_ALWAYS: Final = {"X-Request-ID": "The request's own if it has a sane one; names the request in the log."}
_REFUSALS: Final[Mapping[str, Mapping[str, str]]] = {
    "503": {"Retry-After": "Seconds after which it is worth asking again."},
    "429": {"Retry-After": "Seconds after which it is worth asking again."},
}
_UNCHANGED: Final = "The client has what would be answered: its entity tag is among those of `If-None-Match`."


def show(document: Mapping[str, Any]) -> None:
    """Let the operations of the document have their answers as examples, and all answers their headers."""
    recorded = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    for operations in document["paths"].values():
        for method, operation in operations.items():
            answers = recorded.get(operation["operationId"], {})
            _fill_in(operation["responses"], answers)
            if method == "get" and "ETag" in answers.get("200", {}).get("headers", ()):
                _can_be_unchanged(operation, answers["200"]["headers"])


def _fill_in(responses: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
    for status, response in responses.items():
        answer = answers.get(status, {"headers": (), "content": {}})
        told = {name: HEADERS[name] for name in answer["headers"]} | dict(_REFUSALS.get(status, {})) | _ALWAYS
        response["headers"] = _described(told)
        for media_type, example in answer["content"].items():
            response["content"][media_type]["example"] = example


def _can_be_unchanged(operation: dict[str, Any], headers: list[str]) -> None:
    told = {name: HEADERS[name] for name in headers} | _ALWAYS
    operation["responses"]["304"] = {"description": _UNCHANGED, "headers": _described(told)}
    operation.setdefault("parameters", []).append(
        {
            "name": "If-None-Match",
            "in": "header",
            "required": False,
            "description": "Answer only if the entity tag is none of these.",
            "schema": {"type": "string"},
        }
    )


def _described(headers: Mapping[str, str]) -> dict[str, Any]:
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in headers.items()}
