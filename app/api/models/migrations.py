"""Migrations of VMs on the wire."""

from datetime import datetime, timedelta

from pydantic import Field

from app.api.models.common import (
    DigestOut,
    HostNameOut,
    In,
    MigrationIdOut,
    Name,
    NextCursor,
    Out,
    VmNameOut,
    example,
)
from app.domain.vms.migration import Migration, MigrationState


class MigrationIn(In):
    model_config = In.model_config | example({"target": "fra1-r04-n01"})

    target: Name


class MigrationOut(Out):
    id: MigrationIdOut
    vm: VmNameOut
    source: HostNameOut
    target: HostNameOut
    state: MigrationState = Field(description="`overdue` is an admitted one that has been open too long.")
    overdue: bool
    implementation_list: DigestOut
    admitted_at: datetime
    closed_at: datetime | None

    @classmethod
    def from_domain(cls, migration: Migration, now: datetime, timeout: timedelta) -> "MigrationOut":
        state = migration.shown_state(now, timeout)
        return cls(
            id=migration.id,
            vm=migration.vm,
            source=migration.source,
            target=migration.target,
            state=state,
            overdue=state is MigrationState.OVERDUE,
            implementation_list=migration.digest,
            admitted_at=migration.admitted_at,
            closed_at=migration.closed_at,
        )


class MigrationsOut(Out):
    items: list[MigrationOut]
    next_cursor: NextCursor
