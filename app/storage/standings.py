"""Where a running VM stands: what each question of where it may go begins with, in one statement."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import orjson

from app.domain.errors import BootUnreadable
from app.domain.fleet.fleet import Fleet
from app.domain.fleet.placement import Placement
from app.domain.vms.vm import Boot
from app.kept import Kept
from app.storage.current_boots import CurrentBoot
from app.storage.hot_reads import HotReads
from app.storage.placements import read_placement
from app.storage.snapshot import FleetSnapshot
from app.storage.unreadable import DAMAGE

_KEPT_BYTES: Final = 32 * 2**20
"""Of boots that are kept, and as much again of placements."""
_EACH: Final = 2_000
"""Bytes that one takes beside what is counted."""
_LEFT_OUT: Final = 400
"""Bytes that an implementation takes that a list leaves out."""
_USUAL: Final = 64
"""Entries of a list that are not counted, and what each of the others takes."""
_LISTED: Final = 1_200
_READ: Final = 5
"""How many times the bytes of its text a placement takes together with it."""

_STANDING: Final = """
SELECT fleet.revision, fleet_revisions.token, {stale},
    hosts.name, migrations.id, vms.placement, vms.id, boots.number, boots.sealed_at
FROM vms
JOIN boots ON boots.vm_id = vms.id AND boots.number = vms.boot
JOIN hosts ON hosts.id = vms.host_id
JOIN fleet ON fleet.id = 1
LEFT JOIN fleet_revisions ON fleet_revisions.revision = fleet.revision
LEFT JOIN migrations ON migrations.vm_id = vms.id AND migrations.closed_at IS NULL
WHERE vms.name = $1"""
"""All of one moment, so that registers, who is stale, and where the VM is were true together."""
_STALE: Final = "(SELECT {array}(name) FROM hosts WHERE observed_at < $2 OR observed_at > $3)"

Sealed = Callable[[CurrentBoot], Awaitable[Boot | None]]
"""Reads a boot from the stores; None if it is not there any more. Raises BootUnreadable."""


class Standing(NamedTuple):
    placement: Placement
    boot: Boot
    host: str
    migration: str | None
    """Id of the open one."""
    fleet: Fleet


class _Placed(NamedTuple):
    text: str
    placement: Placement


class Standings:
    """Puts together what is read now and what memory has: boots never change, and the fleet has its revision."""

    def __init__(self, reads: HotReads, snapshot: FleetSnapshot, sealed: Sealed, max_age: timedelta | None) -> None:
        self._reads = reads
        self._snapshot = snapshot
        self._sealed = sealed
        self._max_age = max_age
        self._query = _STANDING.format(stale=_STALE.format(array=reads.array) if max_age else "NULL")
        self._boots: Kept[Boot] = Kept(_KEPT_BYTES, _size)
        self._placements: Kept[_Placed] = Kept(_KEPT_BYTES, lambda placed: len(placed.text) * _READ + _EACH)

    async def of(self, vm: str, now: datetime) -> Standing | None:
        """None where the stores have to tell: of a VM that does not run or cannot be read, of a fleet that changed."""
        limits = (now - self._max_age, now + self._max_age) if self._max_age else ()
        row = await self._reads.row(self._query, vm, *limits)
        if row is None or (fleet := self._fleet(*row[:3])) is None:
            return None
        host, migration, placement, *boot = row[3:]
        try:
            current = await self._boot(CurrentBoot(*boot))
            return Standing(self._placement(placement), current, host, migration, fleet) if current else None
        except (*DAMAGE, BootUnreadable):
            return None

    def _fleet(self, revision: int, token: bytes | None, stale: str | None) -> Fleet | None:
        fleet = self._snapshot.held(revision, token)
        return fleet.with_stale(orjson.loads(stale)) if fleet and stale else fleet

    async def _boot(self, current: CurrentBoot) -> Boot | None:
        if (boot := self._boots.get(current)) is None and (boot := await self._sealed(current)):
            self._boots.keep(current, boot)
        return boot

    def _placement(self, text: str) -> Placement:
        if (placed := self._placements.get(text)) is None:
            placed = self._placements.keep(text, _Placed(text, read_placement(orjson.loads(text))))
        return placed.placement


def _size(boot: Boot) -> int:
    # A list as they usually are is shared by many boots; a long one would be kept by its boot alone.
    return _EACH + _LEFT_OUT * len(boot.plan.left_out) + _LISTED * max(0, len(boot.plan.list) - _USUAL)
