"""Both clients behind one face, so that one test asks both."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Protocol, TypeVar

from roadstead.client import Answer, AsyncClient, Call, Client, Server
from roadstead.client.documents import Page

T = TypeVar("T")

Kind = Literal["sync", "async"]
KINDS: tuple[Kind, ...] = ("sync", "async")


class Asker(Protocol):
    def ask(self, call: Call[T]) -> T: ...

    def send(self, call: Call[T]) -> Answer[T]: ...

    def each(self, call: Call[Page[T]]) -> Iterator[T]: ...


class _Awaiting:
    """An AsyncClient that is waited for."""

    def __init__(self, client: AsyncClient, runner: asyncio.Runner) -> None:
        self._client = client
        self._runner = runner

    def ask(self, call: Call[T]) -> T:
        return self._runner.run(self._client.ask(call))

    def send(self, call: Call[T]) -> Answer[T]:
        return self._runner.run(self._client.send(call))

    def each(self, call: Call[Page[T]]) -> Iterator[T]:
        async def gathered() -> list[T]:
            return [item async for item in self._client.each(call)]

        yield from self._runner.run(gathered())


@contextmanager
def asker(kind: Kind, server: Server) -> Iterator[Asker]:
    if kind == "sync":
        with Client(server) as client:
            yield client
        return
    with asyncio.Runner() as runner:
        awaited = AsyncClient(server)
        yield _Awaiting(awaited, runner)
        runner.run(awaited.close())
