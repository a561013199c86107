"""The service in the process of the test: requests pass through everything but a socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache

import httpx
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from app.main import create_app
from app.settings import Settings

BASE_URL = "http://roadstead.test"


class WithState:
    """Gives requests the state of the lifespan, as a server does."""

    def __init__(self, app: ASGIApp, state: object) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "state": dict(self._state)}, receive, send)  # type: ignore[call-overload] # Starlette types a lifespan's state as anything


@lru_cache(maxsize=8)
def app_with(settings: Settings) -> FastAPI:
    """The application, made once for settings: its routes take longer to prepare than most tests.

    All that a worker knows is the state of its lifespan. Only requests are counted in the application itself: a test of
    the counts makes an application of its own.
    """
    return create_app(settings)


@asynccontextmanager
async def serving(
    settings: Settings, *, raising: bool = True, app: FastAPI | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of one worker. With `raising`, a failure of the service is a failure of the test."""
    app = app or app_with(settings)
    async with app.router.lifespan_context(app) as state:
        transport = httpx.ASGITransport(WithState(app, state), raise_app_exceptions=raising)
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            yield client
