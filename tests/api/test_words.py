"""Whatever is wrong with a request is told in words of ours: what was found, and what is taken there."""

import copy
import json
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from pydantic_core._pydantic_core import list_all_errors

from app.sentences import sentence
from app.settings import Settings
from tests.api.talk import Json, put_host, refused
from tests.api_description import DOCUMENT, resolved
from tests.databases import sqlite_url
from tests.serving import serving

pytestmark = pytest.mark.anyio

RAW: Final = frozenset(
    start
    for each in list_all_errors()
    if len(start := each["message_template_python"].partition("{")[0].strip()) > len("Invalid")
)
"""How the sentences of Pydantic begin."""
NEVER: Final = re.compile(r"Value error|something else|\[a-z|\^[\[(]|\(\?|[\x00-\x1f\x7f]")

# Values that are wrong nearly everywhere.
LONG: Final = "x" * 400
WRONG: Final[tuple[Any, ...]] = (
    *(None, True, -1, 0, 1.5, 1e300, 2**70, "", "x", "X y", "a\tb\x1b[2J", LONG, "2026-13-01", "2026-11-22T10:00:00"),
    *([], [None], ["x", "x"], {}, {"x": 1}, {"x" * 400: "x"}, {"a\tb": "x"}, "\ud800", {"\ud800": "x"}),
)
WRITTEN: Final = ("", "x", "X y", "-1", "0", "1.5", "9" * 30, "a\tb", "\x7f", LONG, "é")
"""The same for parameters."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def client(migrated_sqlite: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Over one kind of database: none is asked about what is wrong."""
    path = shutil.copy(migrated_sqlite, migrated_sqlite.with_name("words.db"))
    async with serving(Settings(database_url=sqlite_url(Path(path)))) as client:
        yield client


def sample(schema: Any) -> Any:
    """A document with everything that it can have."""
    schema = resolved(schema)
    if "anyOf" in schema:
        return sample(schema["anyOf"][0])
    if "properties" in schema:
        return {name: sample(each) for name, each in schema["properties"].items()}
    if isinstance(of_any_key := schema.get("additionalProperties"), dict):
        return {"key": sample(of_any_key)}
    if "patternProperties" in schema:
        return {"key": sample(next(iter(schema["patternProperties"].values())))}
    if "items" in schema:
        return [sample(schema["items"])]
    words = (*schema.get("examples", ()), *schema.get("enum", ()))
    return words[0] if words else {"string": "2026-11-22T10:00:00Z", "integer": 1, "boolean": True}[schema["type"]]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The value itself and all in it."""
    yield path
    for step, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(inner, (*path, step))


def changed(document: Json, path: tuple[Any, ...], value: Any) -> Json:
    root = {"": copy.deepcopy(document)}
    at: Any = root
    for step in ("", *path)[:-1]:
        at = at[step]
    at[("", *path)[-1]] = value
    found: Json = root[""]
    return found


def faulty(document: Json) -> Iterator[Json]:
    """The document with one fault: each place with each wrong value, without each key, with unknown ones."""
    for path in places(document):
        for wrong in WRONG:
            yield changed(document, path, wrong)
        inner: Any = document
        for step in path:
            inner = inner[step]
        if isinstance(inner, dict):
            for key in inner:
                yield changed(document, path, {name: each for name, each in inner.items() if name != key})
                yield changed(document, path, {**inner, f"{key}s": 1})


HOST: Final = sample({"$ref": "#/components/schemas/HostIn"})
OPERATIONS: Final = [
    (method, path, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]


def body(operation: Json) -> tuple[str, Json] | None:
    """The type of what an operation takes, and a document that it would take."""
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        of_hosts = operation["operationId"] in ("patch_host", "import_hosts")
        return kind, {"name": "h1", **HOST} if of_hosts else sample(content["schema"])
    return None


def tell(answer: httpx.Response) -> list[str]:
    """The sentences of a refusal; every one must be in words."""
    assert answer.status_code < 500, answer.text
    said = [each["detail"] for each in answer.json().get("errors", ())] if answer.status_code == 422 else []
    for each in said:
        assert not NEVER.search(each), each
        assert not any(start in each for start in RAW), each
        assert len(each) < 600, each
    return said


def test_no_kind_of_fault_is_told_in_the_words_of_pydantic() -> None:
    for each in list_all_errors():
        error = {"type": each["type"], "ctx": each["example_context"] or {}, "loc": ("a",), "input": "x"}
        said = sentence(error)
        assert said
        assert not any(start in said for start in RAW), each["type"]


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=lambda each: str(each)[:40])
async def test_every_fault_of_a_body_is_told_in_words(
    client: httpx.AsyncClient, method: str, path: str, operation: Json
) -> None:
    taken = body(operation)
    if taken is None:
        assert method in ("get", "delete") or path.endswith((":verify", ":complete", ":fail", "/stop"))
        return
    kind, document = taken
    faults = []
    for each in faulty(document):
        content = json.dumps(each).encode()
        answer = await client.request(
            method, re.sub("{[^}]+}", "x", path), content=content, headers={"Content-Type": kind}
        )
        faults += tell(answer)
    assert len(faults) >= 50


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=lambda each: str(each)[:40])
async def test_every_fault_of_a_parameter_is_told_in_words(
    client: httpx.AsyncClient, method: str, path: str, operation: Json
) -> None:
    for parameter in operation.get("parameters", ()):
        for wrong in WRITTEN:
            places = dict.fromkeys(re.findall("{([^}]+)}", path), "x")
            places |= {parameter["name"]: str(httpx.QueryParams({"": wrong}))[1:].replace("+", "%20") or "%20"}
            said = {parameter["name"]: wrong}
            answer = await client.request(
                method,
                path.format_map(places),
                params=said if parameter["in"] == "query" else None,
                headers={parameter["name"]: wrong.encode()} if parameter["in"] == "header" else None,
            )
            tell(answer)


@pytest.mark.parametrize(
    ("path", "document", "pointer", "said"),
    [
        (
            "/v1/vms/vm-1",
            {"placement": {"selector": {"match_label": {}}}, "guest": {"discovers_implementations": True}},
            "/placement/selector/match_label",
            "is not a known key: did you mean match_labels? Known: match_expressions, match_labels",
        ),
        (
            "/v1/vms/vm-1",
            {"guest": {"discovers_implementations": True, "kernel_release": 6.18}},
            "/guest/kernel_release",
            "must be a string, not 6.18: put it in quotes",
        ),
        (
            "/v1/hosts/h1",
            {"cpus": [{"midr": "413fd0c1", "revidr": "0x0", "aidr": "0x0"}]},
            "/cpus/0/midr",
            'a register is written as 0x and 1 to 16 hexadecimal digits; found "413fd0c1"',
        ),
        (
            "/v1/hosts/h1",
            {"cpus": [{"midr": "0x413fd0c1", "revidr": "0x0", "adir": "0x0"}]},
            "/cpus/0/adir",
            "is not a known key: did you mean aidr? Known: aidr, cpu_list, midr, revidr",
        ),
        (
            "/v1/hosts/h1",
            {"cpus": [{"midr": "0x413fd0c1", "revidr": "0x0"}], "state": "Activ"},
            "/state",
            "must be 'planned', 'active', 'cordoned', 'maintenance' or 'retired', not \"Activ\": did you mean active?",
        ),
    ],
)
async def test_says_what_is_taken_and_what_was_probably_meant(
    client: httpx.AsyncClient, path: str, document: Json, pointer: str, said: str
) -> None:
    (error,) = refused(await client.put(path, json=document), 422, "invalid_request")["errors"]
    assert error == {"pointer": pointer, "detail": said, "location": "body"}


async def test_a_name_is_asked_for_in_words(client: httpx.AsyncClient) -> None:
    for path in ("/v1/hosts/H1", "/v1/vms/H1", "/v1/vms/H1/implementation-list"):
        (error,) = refused(await client.get(path), 422, "invalid_request")["errors"]
        assert error["detail"].startswith("must be 1 to 253 of a-z 0-9 - in parts with dots between;")
        assert 'not "H1": did you mean h1?' in error["detail"]


async def test_patches_are_told_what_they_may_name(client: httpx.AsyncClient) -> None:
    await put_host(client, "h1")
    answer = await client.patch("/v1/hosts/h1", json={"capabilites": {}})
    (error,) = refused(answer, 422, "invalid_request")["errors"]
    assert "did you mean capabilities? Known: capabilities, capacity, cpus," in error["detail"]


async def test_thousands_of_faults_are_counted_but_not_told(client: httpx.AsyncClient) -> None:
    document = {"cpus": [{"midr": "0x413fd0c1", "revidr": 0}], **{f"cpu{number}": 1 for number in range(20_000)}}
    problem = refused(await client.put("/v1/hosts/h1", json=document), 422, "invalid_request")
    assert (len(problem["errors"]), problem["errors_total"]) == (100, 20_000)
