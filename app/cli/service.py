"""`roadstead serve` and `roadstead db`: the commands that are the service, and no clients of it."""

import asyncio
import os
import signal
import tempfile
from types import FrameType
from typing import Annotated, Final

import typer
import uvicorn

from app.api.logs import logging_config
from app.cli.options import command_group
from app.domain.errors import DatabaseUnavailable
from app.settings import Settings
from app.storage import schema

serve = command_group()
db = command_group()

_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


@serve.command("serve")
def run_service(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
) -> None:
    """Run the service. SIGTERM lets it finish what it is answering, and ends it with 0."""
    settings = Settings()
    if settings.on_sqlite:
        schema.upgrade(settings.database_url)
    elif fault := _fault(settings):
        typer.echo(fault, err=True)
        raise typer.Exit(1)
    if host not in _LOOPBACK:
        typer.echo(f"warning: everybody who can reach {host}:{port} can use the service", err=True)
    _exit_cleanly_on_sigterm()
    with tempfile.TemporaryDirectory(prefix="roadstead-") as directory:
        if workers > 1:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
        uvicorn.run(
            "app.main:worker_app",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            access_log=False,
            log_config=logging_config(settings.log_format),
        )


def _fault(settings: Settings) -> str | None:
    try:
        return asyncio.run(schema.fault_at(settings))
    except DatabaseUnavailable as lost:
        return f"the database does not answer: {lost.__cause__}"


@db.callback()
def _group() -> None:
    """The database of the service."""


@db.command()
def upgrade() -> None:
    """Bring the schema up to date. Safe to run again, and beside a running service of the release before."""
    schema.upgrade(Settings().database_url)
    typer.echo(f"the schema is at {schema.wanted_revision()}")


def _exit_cleanly_on_sigterm() -> None:
    # uvicorn drains, then raises the signal again for whoever waits: the drained service has ended well.
    def end(_: int, __: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)
