from collections.abc import AsyncIterator

import pytest

from app.services.context import Context
from app.settings import Settings
from tests.storage.workers import working


@pytest.fixture
async def worker(settings: Settings) -> AsyncIterator[Context]:
    async with working(settings) as worker:
        yield worker


@pytest.fixture
async def other(settings: Settings) -> AsyncIterator[Context]:
    """Another worker over the same database."""
    async with working(settings) as other:
        yield other
