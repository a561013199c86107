"""The use case of imports: many hosts at once, all or nothing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from app.domain.errors import InputFault, InvalidImport
from app.domain.fleet.host import LinedHost
from app.services.context import Context
from app.services.use_cases import UseCase
from app.storage.database import Database, Transaction
from app.storage.host_imports import Imports

FAULTS_NAMED: Final = 100_000
"""How many faulty lines of an import are named; all are counted."""


class HostLines(Protocol):
    """Hosts of a request, in batches; faulty lines are collected on the side, and the rest still read."""

    faults: list[InputFault]
    fault_count: int

    def arrived(self) -> AbstractAsyncContextManager[AsyncIterator[Sequence[LinedHost]]]:
        """Waits for all of the request."""

    def fingerprint(self) -> bytes:
        """Digest of the request, known once it has arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    created: int
    updated: int
    unchanged: int
    fleet_revision: int
    dry_run: bool


def import_hosts(context: Context, lines: HostLines, reporter: str, *, dry_run: bool) -> UseCase[Imported]:
    """Create and replace many hosts, all or nothing. Raises InvalidImport with every faulty line.

    The hosts are staged with nothing locked; the inventory is locked for the merge alone.
    """

    @asynccontextmanager
    async def staged(database: Database) -> AsyncIterator[Transaction]:
        # A client may take its time, so its turn to import begins when everything is here.
        async with lines.arrived() as batches, database.importing(dry_run=dry_run) as tx:
            await _pipe(batches, tx.imports)
            await _check(lines, tx.imports)
            yield tx

    return UseCase(lambda tx: _merge(context, tx, reporter, dry_run=dry_run), staged)


async def _check(lines: HostLines, imports: Imports) -> None:
    duplicates, duplicate_count = await imports.duplicates(FAULTS_NAMED)
    faults = lines.faults + [
        InputFault(f"/{line}/name", f"{name!r} stands in line {first} already") for line, name, first in duplicates
    ]
    if faults:
        faults.sort(key=lambda fault: int(fault.pointer.split("/")[1]))
        raise InvalidImport(faults[:FAULTS_NAMED], lines.fault_count + duplicate_count)


async def _pipe(batches: AsyncIterator[Sequence[LinedHost]], imports: Imports) -> None:
    """Stage each batch while the next one is read: the database works on one while this process parses the other."""
    staging: asyncio.Task[None] | None = None
    try:
        async for batch in batches:
            if staging is not None:
                await staging
            staging = asyncio.create_task(imports.stage(batch))
    finally:
        if staging is not None:
            await staging


async def _merge(context: Context, tx: Transaction, reporter: str, *, dry_run: bool) -> Imported:
    revision = await tx.hosts.lock_inventory()
    await tx.imports.remember()
    tally = await tx.imports.tally()
    if tally.unchanged and await tx.imports.distrust():
        tally = await tx.imports.tally()
    if not dry_run:
        if tally.created or tally.updated:
            begun = await tx.hosts.next_revision()
            revision = begun.number
            if tally.updated:
                await tx.imports.await_turns()
            await tx.imports.merge(tally, begun, context.now(), reporter)
        if tally.unchanged:
            await tx.imports.beat()
    return Imported(
        created=tally.created,
        updated=tally.updated,
        unchanged=tally.unchanged,
        fleet_revision=revision,
        dry_run=dry_run,
    )
