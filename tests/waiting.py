"""Waiting for what a test needs, however long a busy machine takes for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

PATIENCE: Final = 120.0
"""Seconds after which a test gives up, only so that it does not hang: nothing takes so long unless it is broken."""

T = TypeVar("T")


def wait_until(condition: Callable[[], T], patience: float = PATIENCE) -> T:
    """What the condition answers, as soon as that is something."""
    deadline = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited for what did not come"
        time.sleep(0.02)
    return found


async def soon(condition: Callable[[], Awaitable[T]]) -> T:
    """The same, of what has to be awaited."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if found := await condition():
                return found
            await asyncio.sleep(0.01)
