"""The floor of boots and migrations with HTTP: bare FastAPI routes, each with one transaction of ready-made rows."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import uuid4

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.types import ASGIApp

from bench.cycle import Client
from bench.transactions import Driver, FloorVm, Statement, connected, told_time

CONNECTIONS: Final = 4
"""To PostgreSQL, of a process; of the service's too. All variants wait at once, and a server takes 100 by default."""


def app(told: Mapping[str, Any]) -> ASGIApp:
    """Routes on the `database` of the VMs of the `clients`."""
    routes = _Routes(told["database"], [Client(*each) for each in told["clients"]])
    found = FastAPI(lifespan=routes.lifespan)
    found.post("/v1/vms/{vm}/boots")(routes.boot)
    found.post("/v1/vms/{vm}/migrations")(routes.admit)
    found.post("/v1/vms/{vm}/stop")(routes.stop)
    found.post("/v1/migrations/{migration}:verify")(routes.verify)
    found.post("/v1/migrations/{migration}:complete")(routes.complete)
    return found


class _Routes:
    def __init__(self, database: str, clients: Sequence[Client]) -> None:
        self._database = database
        self._clients = clients
        self._vms: dict[str, FloorVm] = {}
        self._moving: dict[str, FloorVm] = {}
        self._drivers: asyncio.Queue[Driver] = asyncio.Queue()

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        driver = await connected(self._database)
        self._vms.update({client.vm: await FloorVm.found(driver, client) for client in self._clients})
        self._drivers.put_nowait(driver)
        # SQLite lets one write at a time.
        for _more in range(0 if self._database.startswith("sqlite") else CONNECTIONS - 1):
            self._drivers.put_nowait(await connected(self._database))
        yield

    async def boot(self, vm: str, body: dict[str, str]) -> Response:
        return await self._committed(self._vms[vm].boot(), 201, **body)

    async def admit(self, vm: str, body: dict[str, str]) -> Response:
        id_, moving = uuid4().hex, self._vms[vm]
        self._moving[id_] = moving
        return await self._committed(moving.admit(id_, told_time(self._database)), 201, **body, id=id_)

    async def verify(self, migration: str) -> Response:
        return await self._committed(self._moving[migration].verify(migration), 200)

    async def complete(self, migration: str) -> Response:
        moved = self._moving.pop(migration)
        return await self._committed(moved.complete(migration, told_time(self._database)), 200)

    async def stop(self, vm: str) -> Response:
        return await self._committed(self._vms[vm].stop(), 200)

    async def _committed(self, statements: Sequence[Statement], status: int, **answer: str) -> Response:
        driver = await self._drivers.get()
        try:
            await driver.transaction(statements)
        finally:
            self._drivers.put_nowait(driver)
        return Response(json.dumps(answer), status, media_type="application/json")
