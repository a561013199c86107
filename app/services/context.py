"""What every use case is given."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.reference.reference_data import ReferenceData
from app.storage.database import Database


@dataclass(frozen=True, slots=True)
class Context:
    database: Database
    reference: ReferenceData
    now: Callable[[], datetime]
    """The clock, in UTC."""
    migration_timeout: timedelta
    """Age from which an open migration is overdue."""
