"""Connections, with two things mended: uvicorn waits for heads for ever, and hangs up on who sends no more."""

import asyncio
from typing import Any, cast

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from app.settings import Settings


class ImpatientHttp(HttpToolsProtocol):
    """Closes a connection on which no whole head came within ROADSTEAD_REQUEST_TIMEOUT.

    Between two requests it is uvicorn's keep-alive that counts, until the first byte of the next one. The time of
    bodies is kept where they are read, by `BodyLimit` and by imports.

    A client that has sent whole requests and says that it sends no more (`printf … | nc -N`) is answered all of them;
    uvicorn closes at once.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        settings = cast("Settings", self.app_state["settings"])
        self._seconds = settings.request_timeout.total_seconds()
        self._head_due: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self._await_head()

    @override
    def data_received(self, data: bytes) -> None:
        present = cast("RequestResponseCycle | None", self.cycle)
        if self._head_due is None and (present is None or present.response_complete):
            self._await_head()
        super().data_received(data)

    @override
    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    @override
    def eof_received(self) -> bool:  # type: ignore[override] # asyncio's own: whether the other half stays open
        last = cast("RequestResponseCycle | None", self.cycle)
        if last is None or last.response_complete or last.more_body or self.scheme == "https":
            # Nothing is to be answered, or never will be. TLS knows no half-closed connections.
            return False
        last.keep_alive = False
        return True

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._head_due = self.loop.call_later(self._seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None
