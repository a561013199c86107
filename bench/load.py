"""The load generator: keep-alive connections that ask the same question again as soon as it is answered.

It runs as a process of its own and does as little as it can: request bytes made once, one search and one comparison
an answer. Every answer must be 200 with the expected body.
"""

import asyncio
import hashlib
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from statistics import quantiles
from time import perf_counter
from typing import Final, NamedTuple, Self, cast

import uvloop
from typing_extensions import override

HOST: Final = "127.0.0.1"
_PATIENCE: Final = 60


class Load(NamedTuple):
    """What a server did under load."""

    rate: float
    """Answers a second."""
    p50: float
    """Milliseconds, as p99."""
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    port: int
    path: str
    sha256: str
    """Of the only right body."""
    connections: int = 32
    warm_up: float = 0.5
    seconds: float = 3.0

    @classmethod
    def answered_by(cls, body: bytes, port: int, path: str, connections: int, seconds: float) -> Self:
        return cls(
            port=port,
            path=path,
            sha256=hashlib.sha256(body).hexdigest(),
            connections=connections,
            warm_up=min(0.5, seconds / 4),
            seconds=seconds,
        )

    @property
    def request(self) -> bytes:
        return f"GET {self.path} HTTP/1.1\r\nHost: {HOST}:{self.port}\r\nAccept: */*\r\n\r\n".encode()


def put_load(question: Question) -> Load:
    """Ask in a process of its own. Raises CalledProcessError where an answer is wrong."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(asdict(question)).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=question.warm_up + question.seconds + _PATIENCE,
    )
    return Load(**json.loads(done.stdout))


class WrongAnswer(Exception):
    """The measurement is worth nothing."""


class _Course:
    """What the connections of one run share."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.request = question.request
        self.right: bytes | None = None
        self.begin = perf_counter() + question.warm_up
        self.end = self.begin + question.seconds
        self.taken: list[float] = []
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def check(self, head: bytes, body: bytes) -> None:
        if self.right is None and hashlib.sha256(body).hexdigest() == self.question.sha256:
            self.right = body
        if body != self.right or not head.startswith(b"HTTP/1.1 200 "):
            self.fail(f"wrong answer: {head + body!r}")

    def fail(self, message: str) -> None:
        if not self.ended.done():
            self.ended.set_exception(WrongAnswer(message))

    def result(self) -> Load:
        cuts = quantiles(self.taken, n=100)
        return Load(len(self.taken) / self.question.seconds, cuts[49] * 1000, cuts[98] * 1000)


class _Connection(asyncio.Protocol):
    def __init__(self, course: _Course) -> None:
        self._course = course
        self._transport: asyncio.WriteTransport
        self._received = b""
        self._whole = 0
        """Length of the answer that is arriving, once its head is there."""
        self._body_at = 0
        self._begun = 0.0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.WriteTransport", transport)
        self._ask()

    def _ask(self) -> None:
        self._received, self._whole = b"", 0
        self._begun = perf_counter()
        self._transport.write(self._course.request)

    @override
    def data_received(self, data: bytes) -> None:
        self._received = received = self._received + data if self._received else data
        if not self._whole and not self._measure(received):
            return
        if len(received) >= self._whole:
            self._answered(received, perf_counter())

    def _measure(self, received: bytes) -> bool:
        end = received.find(b"\r\n\r\n")
        if end < 0:
            return False
        at = received.lower().find(b"content-length: ", 0, end) + 16
        assert at > 16, "an answer without a length"
        self._body_at = end + 4
        self._whole = self._body_at + int(received[at : received.find(b"\r", at)])
        return True

    def _answered(self, received: bytes, now: float) -> None:
        course = self._course
        course.check(received[: self._body_at], received[self._body_at :])
        if now < course.end and not course.ended.done():
            if now >= course.begin:
                course.taken.append(now - self._begun)
            self._ask()
        elif not course.ended.done():
            course.ended.set_result(None)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._course.fail(f"the server closed a connection: {exc}")


async def _run(question: Question) -> Load:
    course = _Course(question)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, failure: course.fail(str(failure)))
    for _ in range(question.connections):
        await loop.create_connection(lambda: _Connection(course), HOST, question.port)
    await course.ended
    return course.result()


if __name__ == "__main__":
    print(json.dumps(uvloop.run(_run(Question(**json.loads(sys.stdin.buffer.read()))))._asdict()))
