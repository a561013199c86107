"""How PostgreSQL is reached: from one reading of the URL, so that all connections go to the same server.

The URL is read by the driver, as libpq would read it; SQLAlchemy reads several hosts in another way.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import asyncpg
from sqlalchemy import Engine, ExceptionContext, event
from typing_extensions import override

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    _Driven = asyncpg.Connection[asyncpg.Record]
    _Driver = _Driven | PoolConnectionProxy[asyncpg.Record]
else:
    _Driven = asyncpg.Connection

_CONNECT_SECONDS: Final = 60.0
_SERVERS_SHARE: Final = 0.9
"""Of the time that a statement may take: the server ends a slow one first, and the driver is left with silence."""


_CLOSING: Final = 0.5
"""Seconds that a server has to take leave in; a silent one would keep the process from ending."""


class Connection(_Driven):
    """The driver's, but closing it does not wait for ever."""

    @override
    async def close(self, *, timeout: float | None = None) -> None:
        with suppress(TimeoutError):
            await super().close(timeout=timeout or _CLOSING)


async def connect(written: str, seconds: float, patience: float | None) -> Connection:
    """A connection, had within so many seconds, whose statements take no longer than `patience`."""
    options = connection_options(written, seconds)
    connection = await asyncpg.connect(**options, command_timeout=patience, connection_class=Connection)
    if patience is not None:
        try:
            # Not among the parameters of the connection: poolers know few of those.
            await connection.execute(f"SET statement_timeout = {int(patience * _SERVERS_SHARE * 1000)}")
        except BaseException:
            connection.terminate()
            raise
    return connection


def cut_when_silent(engine: Engine) -> None:
    """Have a connection cut at once when a statement was not answered in time.

    The driver would ask the server to take the statement back, and wait again for that.
    """
    event.listen(engine, "handle_error", _cut)


def _cut(context: ExceptionContext) -> None:
    if isinstance(context.original_exception, TimeoutError) and context.connection and not context.connection.closed:
        driver: Connection | None = context.connection.connection.driver_connection
        if driver is not None:
            driver.terminate()
        context.is_disconnect = True
        # Others may be well: one statement can be slow, too.
        context.invalidate_pool_on_disconnect = False


@contextmanager
def cut_if_silent(driver: "_Driver") -> Iterator[None]:
    """The same for what is asked past SQLAlchemy, also to begin and to end a transaction."""
    try:
        yield
    except TimeoutError:
        driver.terminate()
        raise


def connection_options(written: str, seconds: float = _CONNECT_SECONDS) -> dict[str, Any]:
    """What asyncpg connects with, from a URL as people write it for libpq or for SQLAlchemy."""
    url = urlsplit(written)
    asked = {name: _one(name, values) for name, values in parse_qs(url.query, keep_blank_values=True).items()}
    if "ssl" in asked:
        asked["sslmode"] = asked.pop("ssl")
    timeout = float(asked.pop("connect_timeout", seconds))
    # A standby would answer reads with what was true a while ago.
    query = urlencode({"target_session_attrs": "primary", **asked})
    return {"dsn": f"postgresql://{url.netloc}{url.path}?{query}", "timeout": timeout or None}


def _one(name: str, values: list[str]) -> str:
    """Several hosts may be written as several parameters; of any other, the last one counts."""
    return ",".join(values) if name in ("host", "port") else values[-1]
