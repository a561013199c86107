"""Two workers of the service in this process, over one database, with a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self

import httpx
from fastapi import FastAPI

from app.settings import Settings
from tests.serving import BASE_URL, WithState, app_with

EPOCH: Final = datetime(2026, 11, 22, 10, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = EPOCH

    def __call__(self) -> datetime:
        # Never the same time twice, as on a real machine.
        self.now += timedelta(milliseconds=1)
        return self.now


@dataclass
class Worker:
    """One worker: its snapshot of the fleet, its connections, its caches."""

    _runner: asyncio.Runner
    _client: httpx.AsyncClient

    def __call__(self, method: str, path: str, **request: Any) -> httpx.Response:
        return self._runner.run(self._client.request(method, path, **request))


@dataclass
class Workers:
    """Starts workers over a database as it is, for the time of a `with` block."""

    settings: Settings
    count: int = 2
    clock: Clock = field(default_factory=Clock)
    all: tuple[Worker, ...] = ()
    _runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    _ends: list[Callable[[], Any]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.all = tuple(self._begin() for _ in range(self.count))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for end in reversed(self._ends):
            end()
        self._runner.close()

    def _begin(self) -> Worker:
        serving = _serving(app_with(self.settings), self.clock)
        client = self._runner.run(serving.__aenter__())
        self._ends.append(lambda: self._runner.run(serving.__aexit__(None, None, None)))
        return Worker(self._runner, client)


@asynccontextmanager
async def _serving(app: FastAPI, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    async with app.router.lifespan_context(app) as state:
        at_our_time = {**(state or {}), "context": replace((state or {})["context"], now=clock)}
        transport = httpx.ASGITransport(WithState(app, at_our_time))
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            yield client
