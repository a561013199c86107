"""Many clients at once, each in a thread with connections of its own."""

import ssl
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event
from typing import Final

import httpx

from tests.waiting import PATIENCE

TLS: Final = ssl.create_default_context()
"""Made once: nothing is encrypted here, and it takes longer than a request."""
Request = Callable[[httpx.Client], httpx.Response]


@contextmanager
def connected(url: str) -> Iterator[httpx.Client]:
    """A client with a connection that is open already: to one worker, as the kernel chooses."""
    with httpx.Client(base_url=url, timeout=PATIENCE, verify=TLS) as client:
        client.get("/healthz").raise_for_status()
        yield client


def all_at_once(url: str, requests: Sequence[Request]) -> list[httpx.Response]:
    """The answers to requests that are sent at the same moment, each by a client of its own."""
    start = Barrier(len(requests))

    def send(request: Request) -> httpx.Response:
        with connected(url) as client:
            start.wait(PATIENCE)
            return request(client)

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


def until(over: Event, url: str, act: Callable[[httpx.Client], object]) -> None:
    """Act again and again until it is over, which it is for all when one fails."""
    try:
        _act(over, url, act)
    finally:
        over.set()


def _act(over: Event, url: str, act: Callable[[httpx.Client], object]) -> None:
    while not over.is_set():
        # Over a new connection now and then, which may lead to another worker.
        with connected(url) as client:
            for _ in range(20):
                act(client)
