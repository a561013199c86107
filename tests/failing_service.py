"""A service on a real socket that does what its script says, one answer a connection, and keeps what it was sent."""

import json
import ssl
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Scripted:
    status: int
    document: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


HANG_UP = Scripted(0)
"""Close the connection without a word."""


def problem(status: int, code: str, **headers: str) -> Scripted:
    document = {"status": status, "code": code, "title": code.replace("_", " "), "detail": "it is scripted"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Scripted(status, document, named, "application/problem+json")


class Heard(NamedTuple):
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class FailingService:
    url: str
    heard: list[Heard] = field(default_factory=list)
    script: deque[Scripted] = field(default_factory=deque)

    def will(self, *script: Scripted) -> None:
        self.script.extend(script)


@contextmanager
def failing_service(tls: ssl.SSLContext | None = None) -> Iterator[FailingService]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        server.service = FailingService(f"{scheme}://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.service
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    service: FailingService

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Some clients of this service are made to go away in the middle."""


class _Handler(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        assert isinstance(self.server, _Server)
        service = self.server.service
        service.heard.append(Heard(self.command, self.path, dict(self.headers), self._body()))
        scripted = service.script.popleft()
        if scripted is not HANG_UP:
            self._send(scripted)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - http.server's names

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, scripted: Scripted) -> None:
        text = scripted.document if isinstance(scripted.document, str) else json.dumps(scripted.document)
        body = b"" if scripted.document is None else text.encode()
        self.send_response(scripted.status)
        self.send_header("Content-Type", scripted.media_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in scripted.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass
