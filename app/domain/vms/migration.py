"""A migration: the move of a running VM to a target, from admission to the caller's word on where the guest is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class MigrationState(StrEnum):
    """`overdue` is how an admitted migration shows that has been open too long; it stays open."""

    ADMITTED = "admitted"
    OVERDUE = "overdue"
    COMPLETED = "completed"
    FAILED = "failed"


CLOSED: Final = frozenset({MigrationState.COMPLETED, MigrationState.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    id: str
    vm: str
    source: str
    target: str
    state: MigrationState
    digest: str
    """Digest of the list of the boot that moves."""
    admitted_at: datetime
    closed_at: datetime | None = None

    @property
    def open(self) -> bool:
        return self.state not in CLOSED

    def tag(self, now: datetime, timeout: timedelta) -> str:
        """Changes with everything a reader can see, which is the state alone."""
        return f"{self.id}-{self.shown_state(now, timeout)}"

    def shown_state(self, now: datetime, timeout: timedelta) -> MigrationState:
        """The state a reader sees at a time, with the age from which an open migration is overdue."""
        return MigrationState.OVERDUE if self.open and now - self.admitted_at > timeout else self.state
