"""The life of VMs, over and over: boot and stop, or boot, admit, verify, complete and stop.

Each client has a VM and two hosts of its own. It runs as a process of its own: `python -m bench.cycle`, and
`python -m bench.transactions` for the same rows without a service.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any, Final, NamedTuple, Self

import uvloop

from bench.load import HOST, WrongAnswer

_PATIENCE: Final = 60


class Client(NamedTuple):
    vm: str
    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    program: str
    """The module that runs it."""
    at: str
    """Port of the service, or URL of the database."""
    clients: tuple[Client, ...]
    moves: bool
    """Whether each boot is followed by a migration."""
    warm_up: float
    seconds: float

    @classmethod
    def read(cls) -> Self:
        document = json.loads(sys.stdin.buffer.read())
        return cls(**{**document, "clients": tuple(Client(*each) for each in document["clients"])})


def pace(courses: Sequence[Course]) -> float:
    """Lives a second, of courses that are run at the same time, each in a process."""
    children = [
        subprocess.Popen(
            [sys.executable, "-m", course.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for course in courses
    ]
    for child, course in zip(children, courses, strict=True):
        assert child.stdin is not None
        child.stdin.write(json.dumps(asdict(course)))
        child.stdin.close()
    return sum(_result(child, course) for child, course in zip(children, courses, strict=True))


def _result(child: subprocess.Popen[str], course: Course) -> float:
    assert child.stdout is not None
    answer = child.stdout.read()
    if child.wait(course.warm_up + course.seconds + _PATIENCE):
        message = f"{course.program} on {course.at} failed"
        raise WrongAnswer(message)
    return float(answer)


async def run(course: Course, lives: Sequence[Callable[[], Awaitable[None]]]) -> None:
    """Let each client live again and again, and print how many lives ended in a second."""
    begin = perf_counter() + course.warm_up
    end = begin + course.seconds

    async def repeat(life: Callable[[], Awaitable[None]]) -> int:
        lived = 0
        while perf_counter() < end:
            await life()
            lived += begin < perf_counter() < end
        return lived

    print(sum(await asyncio.gather(*(repeat(life) for life in lives))) / course.seconds)


class _Connection:
    """One keep-alive connection, doing as little as it can."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def post(self, path: str, document: object = None) -> dict[str, Any]:
        body = b"" if document is None else json.dumps(document).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        )
        self._writer.write(head.encode() + b"\r\n" + body)
        answered = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = answered.partition(b"content-length: ")[2].partition(b"\r")[0]
        content = await self._reader.readexactly(int(length))
        if not answered.startswith((b"http/1.1 200 ", b"http/1.1 201 ")):
            message = f"{path}: {answered + content!r}"
            raise WrongAnswer(message)
        found: dict[str, Any] = json.loads(content)
        return found


async def _run(course: Course) -> None:
    await run(course, [await _life(course, client) for client in course.clients])


async def _life(course: Course, client: Client) -> Callable[[], Awaitable[None]]:
    connection = _Connection(*await asyncio.open_connection(HOST, int(course.at), limit=2**20))
    vm = f"/v1/vms/{client.vm}"

    async def live() -> None:
        await connection.post(f"{vm}/boots", {"host": client.source})
        if course.moves:
            migration = (await connection.post(f"{vm}/migrations", {"target": client.target}))["id"]
            await connection.post(f"/v1/migrations/{migration}:verify")
            await connection.post(f"/v1/migrations/{migration}:complete")
        await connection.post(f"{vm}/stop")

    return live


if __name__ == "__main__":
    uvloop.run(_run(Course.read()))
