"""`roadstead serve` and `roadstead db`: the commands that are the service, and no clients of it."""

import asyncio
import math
import os
import signal
import tempfile
from types import FrameType
from typing import Annotated, Any, Final

import typer
import uvicorn
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from app.api.connections import ImpatientHttp
from app.api.logs import logging_config
from app.domain.errors import DatabaseUnavailable
from app.sentences import near_miss, sentence
from app.settings import Settings
from app.storage import schema
from app.storage.database import create_engine
from app.storage.database_loss import REFUSALS, explained, is_refusal, raised
from app.storage.reference.documents import InvalidReferenceData
from app.storage.reference_data import load_reference_data
from roadstead.cli.options import command_group

serve = command_group()
db = command_group()

_UNUSABLE: Final = 2
_KNOWN: Final = frozenset(
    f"ROADSTEAD_{name.upper()}"
    for name in (
        *Settings.model_fields,
        # of the commands that talk to the service, and of the collector's unit
        *("server", "token_file", "ca", "client_cert", "client_key", "retries", "output", "collect_options"),
    )
)
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


@serve.command("serve")
def run_service(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
) -> None:
    """Run the service. SIGTERM lets it finish what it is answering, and ends it with 0."""
    settings = _settings()
    _check_reference_data(settings)
    if settings.on_sqlite:
        _upgrade(settings)
    else:
        _check_database(settings)
    if host not in _LOOPBACK:
        typer.echo(f"warning: everybody who can reach {host}:{port} can use the service", err=True)
    _exit_cleanly_on_sigterm()
    with tempfile.TemporaryDirectory(prefix="roadstead-") as directory:
        if workers > 1:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
        _serve(
            app="app.main:worker_app",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            http=ImpatientHttp,
            timeout_graceful_shutdown=math.ceil(settings.shutdown_timeout.total_seconds()),
            access_log=False,
            log_config=logging_config(settings.log_format),
        )


def _serve(**options: Any) -> None:
    """Run uvicorn. Ends the command with uvicorn's code for it where a worker could not start."""
    if options["workers"] == 1:
        uvicorn.run(**options)
        return
    # As uvicorn.run does, which says nothing of a supervisor that has given up.
    config = uvicorn.Config(**options)
    supervisor = Multiprocess(config, sockets=[config.bind_socket()])
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise typer.Exit(STARTUP_FAILURE)


def _settings() -> Settings:
    """The environment's. Ends the command where one of them cannot be used, and warns of names that are none."""
    for name in sorted(name for name in os.environ if name.startswith("ROADSTEAD_") and name not in _KNOWN):
        typer.echo(f"warning: there is no setting {name}{near_miss(name, _KNOWN)}", err=True)
    try:
        settings = Settings()
    except ValidationError as error:
        for fault in error.errors():
            name = f"ROADSTEAD_{str(fault['loc'][0]).upper()}"
            typer.echo(f"{name}: {sentence(fault)}", err=True)
        raise typer.Exit(_UNUSABLE) from None
    try:
        create_engine(settings)
    except ValueError as error:
        typer.echo(f"ROADSTEAD_DATABASE_URL: {error}", err=True)
        raise typer.Exit(_UNUSABLE) from None
    return settings


def _check_reference_data(settings: Settings) -> None:
    """Read it once before any worker does: a fault ends the command with a sentence."""
    try:
        load_reference_data(settings.data_dir)
    except (InvalidReferenceData, OSError) as error:
        typer.echo(f"ROADSTEAD_DATA_DIR: {error}", err=True)
        raise typer.Exit(_UNUSABLE) from None


def _check_database(settings: Settings) -> None:
    """Ends the command on a schema of another release, and where the database turns it away; is it away, waits."""
    try:
        fault = asyncio.run(schema.mismatch_at(settings))
    except DatabaseUnavailable as lost:
        fault = explained(lost) if is_refusal(lost) else None
        if fault is None:
            typer.echo(f"warning: {explained(lost)}; the service is not ready until it does", err=True)
    if fault is not None:
        typer.echo(fault, err=True)
        raise typer.Exit(1)


def _upgrade(settings: Settings) -> None:
    """Upgrade the schema. Ends the command with a sentence where the database cannot be used."""
    try:
        schema.upgrade(settings.database_url)
    except (DBAPIError, OSError, *REFUSALS) as error:
        typer.echo(f"the database cannot be used: {raised(error)}", err=True)
        raise typer.Exit(1) from None


@db.callback()
def _group() -> None:
    """The database of the service."""


@db.command()
def upgrade() -> None:
    """Bring the schema up to date. Safe to run again, and beside a running service of the release before."""
    _upgrade(_settings())
    typer.echo(f"the schema is at {schema.wanted_revision()}")


def _exit_cleanly_on_sigterm() -> None:
    # uvicorn drains, then raises the signal again for whoever waits: the drained service has ended well.
    def end(_: int, __: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)
