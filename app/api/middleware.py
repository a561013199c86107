"""Around every request: an id, a time, a count, a line in the log, a limit to its body."""

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.logs import FIELDS, REQUEST_ID
from app.api.metrics import RequestMetrics
from app.api.problems import problem
from app.domain.errors import TooLarge

_SAFE_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_LINE: Final = "%s %s %s %d %.1f ms"
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SERVER_ERROR: Final = 500
_ALLOWANCE: Final = "roadstead.body_allowance"

logger: Final = logging.getLogger("roadstead.access")

Logged = Callable[[str, int], bool]
"""Whether a request of this method, answered with this status, is logged."""

LOGGED: Final[Mapping[str, Logged]] = {
    "none": lambda _, __: False,
    "changes": lambda method, status: method not in _READS or status >= _SERVER_ERROR,
    "all": lambda _, __: True,
}

_ENDING: Final = "the service is ending; repeat the request in a moment, with the same Idempotency-Key if it has one"
_NOWHERE: Final = "(none)"
"""Stands for the route of requests that match none."""


class RequestScope:
    """Gives each request an id, the caller's own where it sends a sane one, and observes how it was answered."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics, logged: Logged) -> None:
        self._app = app
        self._metrics = metrics
        self._logged = logged

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope["request_id"] = _request_id(scope)
        REQUEST_ID.set(request_id)
        header = (b"x-request-id", request_id.encode())
        begun = time.perf_counter()
        status: int | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # A new list: answers that are kept to be sent again share theirs.
                message = {**message, "headers": [*message["headers"], header]}
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except asyncio.CancelledError:
            # The server does so when it ends and has waited long enough.
            if status is None:
                await problem(Request(scope), "not_ready", _ENDING)(scope, receive, send_with_id)
            raise
        finally:
            self._observe(scope, status or _SERVER_ERROR, time.perf_counter() - begun)

    def _observe(self, scope: Scope, status: int, seconds: float) -> None:
        self._metrics.observe(scope["method"], _route(scope), status, seconds)
        if self._logged(scope["method"], status):
            _log(scope, status, seconds)


def _log(scope: Scope, status: int, seconds: float) -> None:
    """A line for people, and fields for machines; who asked is the actor that a guard found, and the address."""
    who = {"client": scope["client"][0] if scope.get("client") else None, "actor": scope.get("state", {}).get("actor")}
    asked = {"method": scope["method"], "path": scope["path"], "status": status}
    fields = {**who, **asked, "duration_ms": round(seconds * 1000, 1)}
    named = "@".join(filter(None, (who["actor"], who["client"]))) or "-"
    logger.info(_LINE, named, *asked.values(), seconds * 1000, extra={FIELDS: fields})


class BodyLimit:
    """Ends the reading of a body that is larger than bodies may be, or takes longer to come.

    FastAPI's own limit refuses without a problem, and the server waits for a body for ever.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, timeout: timedelta) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._timeout = timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        allowance = scope[_ALLOWANCE] = Allowance(self._max_bytes, self._timeout)

        async def receive_allowed() -> Message:
            try:
                async with asyncio.timeout_at(allowance.deadline()):
                    message = await receive()
            except TimeoutError:
                detail = f"the body did not come within {self._timeout.total_seconds():g} s; nothing was written"
                raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, detail) from None
            allowance.take(message)
            return message

        await self._app(scope, receive_allowed, send)


class Allowance:
    """How much of a body may still be read, and until when."""

    def __init__(self, max_bytes: int, timeout: timedelta) -> None:
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._deadline: float | None = None
        self._taken = 0
        self._whole = False
        self._lifted = False

    @classmethod
    def of(cls, request: Request) -> "Allowance":
        allowance: Allowance = request.scope[_ALLOWANCE]
        return allowance

    def lift(self) -> None:
        """For a route that counts, and keeps the time, by itself while it reads."""
        self._lifted = True

    def deadline(self) -> float | None:
        """By the clock of the event loop, from the first reading; None for what may be waited for without end."""
        if self._lifted or self._whole:
            return None
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + self._timeout.total_seconds()
        return self._deadline

    def take(self, message: Message) -> None:
        # After the body, what comes is the word that the client is gone.
        self._whole = not message.get("more_body", False)
        self._taken += len(message.get("body", b""))
        if self._taken > self._max_bytes and not self._lifted:
            # An HTTPException is the one kind that FastAPI lets through while it reads a body.
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(TooLarge(self._max_bytes)))


def _request_id(scope: Scope) -> str:
    asked = Headers(scope=scope).get("x-request-id")
    return asked if asked and _SAFE_ID.fullmatch(asked) else uuid.uuid4().hex


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", _NOWHERE)
