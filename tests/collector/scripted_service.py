"""A service on a real socket: gives the answers it was told to, in order, and keeps what came."""

import json
import ssl
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    problem: object = None
    """Sent as JSON; a string is sent as it is."""
    headers: Mapping[str, str] = field(default_factory=dict)


HANG_UP = Answer(0)
"""Close the connection without a word."""


@dataclass(frozen=True, slots=True)
class Received:
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class ScriptedService:
    url: str
    received: list[Received] = field(default_factory=list)
    answers: deque[Answer] = field(default_factory=deque)

    def will_answer(self, *answers: Answer) -> None:
        self.answers.extend(answers)

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.received]


@contextmanager
def scripted_service(tls: ssl.SSLContext | None = None) -> Iterator[ScriptedService]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        server.script = ScriptedService(f"{scheme}://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.script
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    script: ScriptedService


class _Handler(BaseHTTPRequestHandler):
    def do_PATCH(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self) -> None:
        assert isinstance(self.server, _Server)
        script = self.server.script
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        script.received.append(Received(self.command, self.path, dict(self.headers), body))
        answer = script.answers.popleft()
        if answer is not HANG_UP:
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        problem = answer.problem or ""
        body = (problem if isinstance(problem, str) else json.dumps(problem)).encode()
        self.send_response(answer.status)
        if body:
            self.send_header("Content-Type", "application/problem+json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
