"""Duplicates among the lines of an import."""

import pytest

from app.domain.fleet.host import LinedHost
from app.services.context import Context
from tests.storage.workers import a_host

pytestmark = pytest.mark.anyio


async def test_all_are_counted_and_some_are_named(worker: Context) -> None:
    async with worker.database.importing(dry_run=True) as tx:
        assert await tx.imports.duplicates(2) == ([], 0)
        await tx.imports.stage([LinedHost(line, a_host(f"h{line % 2}")) for line in range(1, 8)])
        assert await tx.imports.duplicates(2) == ([(3, "h1", 1), (4, "h0", 2)], 5)
