"""The fleet in numbers, on the wire."""

from pydantic import Field

from app.api.models.common import FleetRevision, Out
from app.domain.fleet.host import HostState
from app.domain.vms.conditions import Condition
from app.domain.vms.vm import VmState
from app.services.status import FleetStatus


class FleetOut(Out):
    """How the fleet stands. Each number is that of the metric of its name."""

    fleet_revision: FleetRevision
    hosts: dict[HostState, int] = Field(description="How many there are, by state.")
    hosts_stale: int = Field(description="Not observed recently enough.")
    hosts_identity_incomplete: int = Field(description="With an unknown register.")
    hosts_unreadable: int = Field(description="Of which what is stored cannot be read.")
    oldest_observation_age_seconds: int | None = Field(description="Of hosts that are not retired.")
    vms: dict[VmState, int] = Field(description="How many there are, by state.")
    vms_exposed: int = Field(description="Whose host has registers that their list does not cover.")
    vms_without_target: int = Field(description="That run, and could move nowhere now.")
    vms_accepting_hazards: int = Field(description="Whose list weakens them by consent.")
    vms_outdated: int = Field(description="Whose list lacks CPUs that a boot on their host would list now.")
    vms_unreadable: int = Field(description="That run, and of which what is stored cannot be read.")
    migrations_open: int = Field(description="Neither completed nor failed.")
    migrations_overdue: int = Field(description="Open for longer than the timeout.")

    @classmethod
    def from_domain(cls, status: FleetStatus) -> "FleetOut":
        oldest = status.oldest_observation
        return cls(
            fleet_revision=status.fleet_revision,
            hosts=dict(status.hosts),
            hosts_stale=status.stale,
            hosts_identity_incomplete=status.incomplete,
            hosts_unreadable=status.unreadable,
            oldest_observation_age_seconds=None if oldest is None else int(oldest.total_seconds()),
            vms=dict(status.vms),
            vms_exposed=status.conditions[Condition.EXPOSED],
            vms_without_target=status.conditions[Condition.WITHOUT_TARGET],
            vms_accepting_hazards=status.conditions[Condition.ACCEPTING_HAZARDS],
            vms_outdated=status.conditions[Condition.OUTDATED],
            vms_unreadable=status.unreadable_vms,
            migrations_open=status.open_migrations,
            migrations_overdue=status.overdue_migrations,
        )
