"""Records what the demo answers to the examples of requests: `python -m tests.recorded_answers`.

The API's description shows these answers. Run it when a test says that they are others now, and read the difference.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx

from app.api.answers import FILE, HEADERS
from app.api.models.common import EXAMPLE_MIGRATION
from app.main import create_app
from tests.demonstration import demonstration
from tests.described_operations import Described, described

MOMENT: Final = "2026-11-22T10:00:00Z"

_FEW: Final = "2"
"""Items of a page: enough to see what a list is."""

_MOMENTS: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_IDS: Final = re.compile(r"(?<![0-9a-f:])[0-9a-f]{32}(?![0-9a-f])")
_AGES: Final = re.compile(r'(?<=_seconds":)\d+(?:\.\d+)?|(?<=_seconds )\d+(?:\.\d+)?')
_CHANGING: Final = re.compile(r"^(?:# \w+ )?roadstead_http.*\n", re.MULTILINE)
"""Metrics of requests, which count what was asked before and how long it took."""

_FURTHER: Final[Mapping[str, Mapping[str, str]]] = {
    "put_host": {"name": "fra1-r03-n19"},
    "put_vm": {"vm": "web-13"},
    "get_implementation_list": {"format": "qemu"},
    "get_current_list": {"format": "qemu"},
    "get_boot": {"format": "qemu"},
}
"""What is asked a second time, and with which other parameters: it has another status or form then."""

Recorded = dict[str, dict[str, dict[str, Any]]]
"""By operation and status: the headers, and by media type what was answered."""


def record(client: httpx.Client, operations: Iterable[Described]) -> Recorded:
    """Ask everything there is to ask, then carry out all the rest, each on what the ones before it have left."""
    recorded: Recorded = defaultdict(dict)
    for operation in sorted(operations, key=lambda each: each.method != "GET"):
        for response in _answers(operation, client):
            _keep(recorded[operation.name], response)
    return dict(recorded)


def _answers(operation: Described, client: httpx.Client) -> Iterator[httpx.Response]:
    few = {"limit": _FEW} if operation.takes("limit") else {}
    yield operation.send(client, everything=operation.method == "GET", instead=few)
    if further := _FURTHER.get(operation.name):
        yield operation.send(client, everything=False, instead=further)


def _keep(recorded: dict[str, dict[str, Any]], response: httpx.Response) -> None:
    assert response.is_success, (response.request.url, response.text)
    answer = recorded.setdefault(str(response.status_code), {"headers": [], "content": {}})
    answer["headers"] = [name for name in HEADERS if name in response.headers]
    if text := _lasting(response.text):
        media_type = response.headers["content-type"].partition(";")[0]
        answer["content"][media_type] = json.loads(text) if media_type == "application/json" else text


def _lasting(text: str) -> str:
    """An answer without what differs from one time to the next: moments, ids, and what the service measures."""
    return _CHANGING.sub("", _AGES.sub("0", _IDS.sub(EXAMPLE_MIGRATION, _MOMENTS.sub(MOMENT, text))))


def written(recorded: Recorded) -> str:
    return json.dumps(recorded, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    operations = described(create_app().openapi())
    with TemporaryDirectory() as data, demonstration(Path(data)) as client:
        FILE.write_text(written(record(client, operations)), encoding="utf-8")


if __name__ == "__main__":
    main()
