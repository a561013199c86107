"""The two clients. They carry requests and answers, and wait; all that is decided is decided in `exchange`."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, Self, TypeVar

import httpx

from roadstead.client.calls import Answer, Call, Received
from roadstead.client.documents import Page
from roadstead.client.exchange import Exchange, Pause
from roadstead.client.server import Server, timeout

T = TypeVar("T")


class Client:
    """Carries out calls. Use it in a `with` statement, or close it; threads may share one."""

    def __init__(self, server: Server | None = None) -> None:
        """Raises Misconfigured."""
        self._server = server or Server()
        self._http = httpx.Client(**self._server.options())

    def ask(self, call: Call[T]) -> T:
        """What the call is answered with. Raises Problem, Unreachable."""
        return self.send(call).value

    def send(self, call: Call[T]) -> Answer[T]:
        """The same, with the entity tag of the resource and what else stands beside an answer."""
        exchange = Exchange(call, self._server.retries)
        while True:
            outcome = self._attempt(exchange)
            if isinstance(outcome, Answer):
                return outcome
            time.sleep(outcome.seconds)

    def each(self, call: Call[Page[T]]) -> Iterator[T]:
        """The items of a list, from all its pages; each page is asked for when it is needed."""
        following: Call[Page[T]] | None = call
        while following:
            page = self.ask(following)
            yield from page["items"]
            following = following.following(page)

    def _attempt(self, exchange: Exchange[T]) -> Answer[T] | Pause:
        content = exchange.request.body and exchange.request.body.content
        body = content() if callable(content) else content
        try:
            response = self._http.request(**_request(exchange.request), content=body)
        except _LOST as error:
            return exchange.lost(error)
        return exchange.received(_received(response))

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient:
    """Carries out calls. Use it in an `async with` statement, or close it; tasks may share one."""

    def __init__(self, server: Server | None = None) -> None:
        """Raises Misconfigured."""
        self._server = server or Server()
        self._http = httpx.AsyncClient(**self._server.options())

    async def ask(self, call: Call[T]) -> T:
        """What the call is answered with. Raises Problem, Unreachable."""
        return (await self.send(call)).value

    async def send(self, call: Call[T]) -> Answer[T]:
        """The same, with the entity tag of the resource and what else stands beside an answer."""
        exchange = Exchange(call, self._server.retries)
        while True:
            outcome = await self._attempt(exchange)
            if isinstance(outcome, Answer):
                return outcome
            await asyncio.sleep(outcome.seconds)

    async def each(self, call: Call[Page[T]]) -> AsyncIterator[T]:
        """The items of a list, from all its pages; each page is asked for when it is needed."""
        following: Call[Page[T]] | None = call
        while following:
            page = await self.ask(following)
            for item in page["items"]:
                yield item
            following = following.following(page)

    async def _attempt(self, exchange: Exchange[T]) -> Answer[T] | Pause:
        content = exchange.request.body and exchange.request.body.content
        body = _asynchronous(content()) if callable(content) else content
        try:
            response = await self._http.request(**_request(exchange.request), content=body)
        except _LOST as error:
            return exchange.lost(error)
        return exchange.received(_received(response))

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


_LOST = (httpx.RequestError, UnicodeError)  # UnicodeError: no host can have such a name


def _request(call: Call[Any]) -> dict[str, Any]:
    """What httpx is told of a call, but for its body."""
    media_type = {"Content-Type": call.body.media_type} if call.body else {}
    return {
        "method": call.method,
        "url": call.path,
        "params": {name: value for name, value in call.query.items() if value is not None},
        "headers": {**media_type, **call.headers},
        "timeout": timeout(call.longest_wait) if call.longest_wait else httpx.USE_CLIENT_DEFAULT,
    }


def _received(response: httpx.Response) -> Received:
    return Received(response.status_code, response.headers, response.content)


async def _asynchronous(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
