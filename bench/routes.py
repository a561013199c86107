"""The floor of boots and migrations with HTTP: bare FastAPI routes, each with one transaction of ready-made rows.

They answer what the service answers, byte for byte but for names, ready-made too.
"""

import asyncio
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
    """Routes on the `database` of the VMs of the `clients`, with the service's `answers` to one of them."""
    routes = _Routes(told["database"], [Client(*each) for each in told["clients"]], told["answers"])
    found = FastAPI(lifespan=routes.lifespan)
    found.post("/v1/vms/{vm}/boots")(routes.boot)
    found.post("/v1/vms/{vm}/migrations")(routes.admit)
    found.post("/v1/vms/{vm}/stop")(routes.stop)
    found.post("/v1/migrations/{migration}:verify")(routes.verify)
    found.post("/v1/migrations/{migration}:complete")(routes.complete)
    return found


class _Routes:
    def __init__(self, database: str, clients: Sequence[Client], answers: Mapping[str, str]) -> None:
        self._database = database
        self._clients = clients
        self._answers = {step: answer.encode() for step, answer in answers.items()}
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

    async def boot(self, vm: str, body: dict[str, str]) -> Response:  # noqa: ARG002 - a parsed body is part of the floor
        return await self._committed(self._vms[vm].boot(), 201, "boot")

    async def admit(self, vm: str, body: dict[str, str]) -> Response:  # noqa: ARG002 - the same
        id_, moving = uuid4().hex, self._vms[vm]
        self._moving[id_] = moving
        return await self._committed(moving.admit(id_, told_time(self._database)), 201, "admit", id_)

    async def verify(self, migration: str) -> Response:
        return await self._committed(self._moving[migration].verify(migration), 200, "verify", migration)

    async def complete(self, migration: str) -> Response:
        moved = self._moving.pop(migration)
        statements = moved.complete(migration, told_time(self._database))
        return await self._committed(statements, 200, "complete", migration)

    async def stop(self, vm: str) -> Response:
        return await self._committed(self._vms[vm].stop(), 200, "stop")

    async def _committed(
        self, statements: Sequence[Statement], status: int, step: str, migration: str | None = None
    ) -> Response:
        driver = await self._drivers.get()
        try:
            await driver.transaction(statements)
        finally:
            self._drivers.put_nowait(driver)
        body = self._answers[step]
        if migration is not None:
            body = body.replace(self._answers["migration"], migration.encode())
        return Response(body, status, media_type="application/json")
