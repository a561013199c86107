"""What the log tells of a request, and what nobody can write into it."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from fastapi import Request

from app.api.logs import JsonFormatter, TextFormatter, logging_config
from app.api.routes import Guard
from app.main import create_app
from app.settings import Settings
from tests.api.talk import put_host
from tests.serving import serving

pytestmark = pytest.mark.anyio

FORGED = "/v1/hosts/x%0A2026-11-22 10:00:00,000 INFO roadstead: all is well%0D%1B[2J%C2%9B1A%E2%80%AE"


async def find_alice(request: Request) -> None:
    request.state.actor = "alice"


@contextmanager
def logged(formatter: logging.Formatter) -> Iterator[io.StringIO]:
    """What the log of requests is given meanwhile."""
    handler = logging.StreamHandler(stream := io.StringIO())
    handler.setFormatter(formatter)
    access = logging.getLogger("roadstead.access")
    access.addHandler(handler)
    before = access.level
    access.setLevel(logging.INFO)
    try:
        yield stream
    finally:
        access.removeHandler(handler)
        access.setLevel(before)


def configured(form: str) -> logging.Formatter:
    """The formatter as a worker has it."""
    made = logging_config("json" if form == "json" else "text")["formatters"][form]
    return TextFormatter(made["format"]) if form == "text" else JsonFormatter()


async def lines(settings: Settings, form: str, guard: Guard | None, *paths: str) -> list[str]:
    app = create_app(settings.model_copy(update={"access_log": "all"}), *filter(None, [guard]))
    async with serving(settings, app=app) as client:
        with logged(configured(form)) as stream:
            for path in paths:
                await client.get(path)
    return stream.getvalue().splitlines()


async def test_a_request_is_told_in_fields(settings: Settings) -> None:
    for guard, actor in ((None, None), (find_alice, "alice")):
        (line,) = await lines(settings, "json", guard, "/v1/hosts/h1")
        told: dict[str, Any] = json.loads(line)
        asked = {name: told[name] for name in ("client", "actor", "method", "path", "status")}
        assert asked == {"client": "127.0.0.1", "actor": actor, "method": "GET", "path": "/v1/hosts/h1", "status": 404}
        assert 0 < told["duration_ms"] < 60_000
        assert {"time", "level", "logger", "message", "request_id"} < set(told)


async def test_people_see_who_asked(settings: Settings) -> None:
    (line,) = await lines(settings, "text", None, "/v1/hosts/h1")
    assert " roadstead.access: 127.0.0.1 GET /v1/hosts/h1 404 " in line
    (line,) = await lines(settings, "text", find_alice, "/v1/hosts/h1")
    assert " alice@127.0.0.1 GET /v1/hosts/h1 404 " in line


async def test_nobody_writes_a_line_of_the_log(settings: Settings) -> None:
    for form in ("text", "json"):
        (line,) = await lines(settings, form, None, FORGED)
        assert form == "json" or line.isprintable()
        assert "\\n2026-11-22" in line


def fail(message: str) -> None:
    raise ValueError(message)


def test_nor_with_the_text_of_a_failure() -> None:
    try:
        fail("no\n2026-11-22 INFO all is well\x1b[2J")
    except ValueError:
        record = logging.LogRecord("roadstead", logging.ERROR, "x", 1, "%s failed", ("a\nb",), sys.exc_info())
    first, *further = configured("text").format(record).split("\n")
    assert first.endswith("roadstead: a\\nb failed")
    assert len(further) > 3
    assert all(line.startswith("  ") and line.isprintable() for line in further)


async def test_only_what_was_asked_for_is_logged(client: httpx.AsyncClient) -> None:
    with logged(configured("text")) as stream:
        await client.get("/v1/hosts")
        await put_host(client, "h1")
    assert [line.partition("127.0.0.1 ")[2][:16] for line in stream.getvalue().splitlines()] == ["PUT /v1/hosts/h1"]
