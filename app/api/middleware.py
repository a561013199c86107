"""Around every request: an id, a time, a count, a line in the log."""

import logging
import re
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.logs import REQUEST_ID
from app.api.metrics import RequestMetrics

_SAFE_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_LINE: Final = "%s %s %d %.1f ms"
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SERVER_ERROR: Final = 500

logger: Final = logging.getLogger("roadstead.access")

Logged = Callable[[str, int], bool]
"""Whether a request of this method, answered with this status, is logged."""

LOGGED: Final[Mapping[str, Logged]] = {
    "none": lambda _, __: False,
    "changes": lambda method, status: method not in _READS or status >= _SERVER_ERROR,
    "all": lambda _, __: True,
}

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
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # A new list: answers that are kept to be sent again share theirs.
                message = {**message, "headers": [*message["headers"], header]}
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - begun
            self._metrics.observe(scope["method"], _route(scope), status, seconds)
            if self._logged(scope["method"], status):
                logger.info(_LINE, scope["method"], scope["path"], status, seconds * 1000)


def _request_id(scope: Scope) -> str:
    asked = Headers(scope=scope).get("x-request-id")
    return asked if asked and _SAFE_ID.fullmatch(asked) else uuid.uuid4().hex


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", _NOWHERE)
