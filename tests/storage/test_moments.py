"""Whatever an answer says of a host is of one moment, though hosts report while it is being made."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event
from sqlalchemy.util import await_only

from app.settings import Settings
from app.storage.direct import Direct, Statement
from tests.api.talk import N1, V1, boot, codes, get, put_host, put_vm
from tests.api.test_staleness import ago
from tests.serving import serving
from tests.storage.workers import fleet_of, working

pytestmark = pytest.mark.anyio

LISTED_AND_STALE = ["inventory_stale"]
FRESH_AND_NOT_LISTED = ["implementation_not_listed"]


@dataclass(frozen=True)
class Workers:
    """`vm-1` runs on `h1`; `h2` has what its guest was told of, and was not seen for long."""

    asked: httpx.AsyncClient
    reported_to: httpx.AsyncClient


@pytest.fixture
async def workers(settings: Settings) -> AsyncIterator[Workers]:
    aging = settings.model_copy(update={"max_inventory_age": timedelta(minutes=15)})
    async with serving(aging) as asked, serving(aging) as reported_to:
        await put_host(asked, "h1", N1)
        await put_host(asked, "h2", N1, observed_at=ago(hours=1))
        await put_vm(asked, "vm-1")
        await boot(asked, "vm-1", "h1")
        assert codes((await get(asked, "/v1/vms/vm-1/targets/h2"))["reasons"]) == LISTED_AND_STALE
        yield Workers(asked, reported_to)


@dataclass
class Interruption:
    after: int
    change: Callable[[], Awaitable[object]]
    asked: list[str]

    def is_next(self, statement: str) -> bool:
        if len(self.asked) >= self.after:
            return False
        self.asked.append(statement)
        return len(self.asked) == self.after

    def note(self, _: Any, __: Any, statement: str, *___: Any) -> None:
        """After a statement of SQLAlchemy."""
        if self.is_next(statement):
            await_only(self.change())

    def noting(self, kind: type[Direct]) -> Callable[..., Awaitable[list[Any]]]:
        send: Callable[..., Awaitable[list[Any]]] = kind.rows

        async def rows(direct: Direct, statement: Statement, **values: object) -> list[Any]:
            found = await send(direct, statement, **values)
            if self.is_next(str(statement.made)):
                await self.change()
            return found

        return rows


@contextmanager
def interrupted(after: int, change: Callable[[], Awaitable[object]]) -> Iterator[list[str]]:
    """Who asks is stopped when so many statements of it are done, until the change is committed."""
    interruption = Interruption(after, change, [])
    with pytest.MonkeyPatch.context() as patch:
        for kind in Direct.__subclasses__():
            patch.setattr(kind, "rows", interruption.noting(kind))
        # The same bound method: SQLAlchemy knows listeners by what they are.
        note = interruption.note
        event.listen(Engine, "after_cursor_execute", note)
        try:
            yield interruption.asked
        finally:
            event.remove(Engine, "after_cursor_execute", note)


@pytest.mark.parametrize("after", range(1, 6))
async def test_registers_and_observation_are_of_one_moment(workers: Workers, after: int) -> None:
    """A host has other registers now, and is seen again, while a worker catches up with the fleet."""
    await put_host(workers.reported_to, "h3", N1)
    with interrupted(after, lambda: put_host(workers.reported_to, "h2", V1)) as asked:
        verdict = await get(workers.asked, "/v1/vms/vm-1/targets/h2")
    assert len(asked) == after
    assert codes(verdict["reasons"]) in (LISTED_AND_STALE, FRESH_AND_NOT_LISTED)
    assert codes((await get(workers.asked, "/v1/vms/vm-1/targets/h2"))["reasons"]) == FRESH_AND_NOT_LISTED


async def test_who_has_caught_up_asks_once(workers: Workers) -> None:
    """By a hot read of one statement, so that nothing comes between."""
    with interrupted(1, lambda: put_host(workers.reported_to, "h2", V1)) as asked:
        verdict = await get(workers.asked, "/v1/vms/vm-1/targets/h2")
    assert (asked, codes(verdict["reasons"])) == ([], LISTED_AND_STALE)
    await put_host(workers.reported_to, "h2", V1)
    assert codes((await get(workers.asked, "/v1/vms/vm-1/targets/h2"))["reasons"]) == FRESH_AND_NOT_LISTED


@pytest.mark.parametrize("behind", [False, True])
async def test_so_is_the_fleet_of_the_stores(workers: Workers, settings: Settings, behind: bool) -> None:
    aging = settings.model_copy(update={"max_inventory_age": timedelta(minutes=15)})
    async with working(aging) as worker:
        await fleet_of(worker)
        if behind:
            await put_host(workers.reported_to, "h3", N1)
        with interrupted(1, lambda: put_host(workers.reported_to, "h2", V1)) as asked:
            fleet = await fleet_of(worker)
    assert len(asked) == 1
    found = fleet.host("h2")
    assert found is not None
    shown = [tuple(each) for each in found.identity.known]
    assert (shown, fleet.number("h2") <= fleet.stale) in (([N1], True), ([V1], False))
