"""Floors: the least that gives the same answers with the same parts.

Run as `python -m bench.floors KIND PORT`; what to answer is in the environment.
"""

import base64
import json
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response
from sqlalchemy import LargeBinary, Text, column, make_url, select, table
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp

from bench import routes
from bench.load import HOST

SELECT: Final = "SELECT body FROM answers_by_name WHERE name = "
TABLE: Final = "CREATE TABLE answers_by_name (name text PRIMARY KEY, body {bytes} NOT NULL)"


def answer(body: bytes, headers: Mapping[str, str], database: str = "") -> dict[str, Any]:
    """What a floor is told to answer, as it is passed on."""
    return {"body": base64.b64encode(body).decode(), "headers": dict(headers), "database": database}


async def keep_in_postgresql(url: str, bodies: Mapping[str, bytes]) -> None:
    """Put the answers of the `asyncpg` and `sqlalchemy` floors where they find them."""
    connection = await asyncpg.connect(url)
    await connection.execute(TABLE.format(bytes="bytea"))
    await connection.executemany("INSERT INTO answers_by_name VALUES ($1, $2)", list(bodies.items()))
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def _told() -> tuple[bytes, dict[str, str], str]:
    document = json.loads(os.environ["BENCH_ANSWER"])
    return base64.b64decode(document["body"]), document["headers"], document["database"]


def _starlette() -> ASGIApp:
    body, headers, _ = _told()

    async def read(_: Request) -> Response:
        return Response(body, 200, headers)

    return Starlette(routes=[Route("/v1/implementation-lists/{digest}", read)])


def _fastapi() -> ASGIApp:
    body, headers, _ = _told()
    app = FastAPI()

    @app.get("/v1/implementation-lists/{digest}")
    async def read(digest: str) -> Response:  # noqa: ARG001 - a typed path parameter is part of the floor
        return Response(body, 200, headers)

    return app


def _asyncpg() -> ASGIApp:
    _, headers, database = _told()
    pool: asyncpg.Pool[asyncpg.Record]

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        nonlocal pool
        async with asyncpg.create_pool(database, min_size=8, max_size=8) as pool:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/v1/vms/{vm}/{answer}")
    async def read(vm: str, answer: str) -> Response:  # noqa: ARG001 - part of the floor, as a path parameter
        return Response(await pool.fetchval(f"{SELECT}$1", vm), 200, headers)

    return app


def _sqlalchemy() -> ASGIApp:
    _, headers, database = _told()
    url = make_url(database).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, pool_size=8, max_overflow=0, isolation_level="AUTOCOMMIT")
    rows = table("answers_by_name", column("name", Text), column("body", LargeBinary))
    app = FastAPI()

    @app.get("/v1/vms/{vm}/implementation-list")
    async def read(vm: str) -> Response:
        async with engine.connect() as connection:
            found = await connection.execute(select(rows.c.body).where(rows.c.name == vm))
            return Response(found.scalar_one(), 200, headers)

    return app


def _sqlite() -> ASGIApp:
    _, headers, database = _told()
    connection = sqlite3.connect(database, isolation_level=None)
    app = FastAPI()

    @app.get("/v1/vms/{vm}/implementation-list")
    async def read(vm: str) -> Response:
        return Response(connection.execute(f"{SELECT}?", (vm,)).fetchone()[0], 200, headers)

    return app


_APPS: Final[Mapping[str, Callable[[], ASGIApp]]] = {
    "starlette": _starlette,
    "fastapi": _fastapi,
    "asyncpg": _asyncpg,
    "sqlalchemy": _sqlalchemy,
    "sqlite": _sqlite,
    "transactions": lambda: routes.app(json.loads(os.environ["BENCH_ANSWER"])),
}

if __name__ == "__main__":
    uvicorn.run(
        _APPS[sys.argv[1]](),
        host=HOST,
        port=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
