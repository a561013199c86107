"""What a host reported over time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.domain.cpu.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityPeriod:
    """A time in which a host reported one identity. `until` is None while it still does."""

    identity: Identity
    since: datetime
    until: datetime | None
    reported_by: str
    revision: int
    """Fleet revision at which the period began."""


@dataclass(frozen=True, slots=True)
class PastIdentity:
    """One identity with every period in which the host reported it, oldest first."""

    identity: Identity
    periods: tuple[IdentityPeriod, ...]

    @property
    def current(self) -> bool:
        return self.periods[-1].until is None


def by_identity(periods: Iterable[IdentityPeriod]) -> tuple[PastIdentity, ...]:
    """Periods, oldest first, gathered by what was reported, in the order of first sight."""
    distinct: dict[Identity, list[IdentityPeriod]] = {}
    for period in periods:
        distinct.setdefault(period.identity, []).append(period)
    return tuple(PastIdentity(identity, tuple(members)) for identity, members in distinct.items())
