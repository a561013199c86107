"""The fleet in numbers."""

from typing import TypedDict

from roadstead.client.documents.hosts import HostsByState
from roadstead.client.documents.vms import VmState


class Fleet(TypedDict):
    fleet_revision: int
    hosts: HostsByState
    hosts_stale: int
    hosts_identity_incomplete: int
    hosts_unreadable: int
    oldest_observation_age_seconds: int | None
    vms: dict[VmState, int]
    vms_exposed: int
    vms_without_target: int
    vms_accepting_hazards: int
    vms_outdated: int
    vms_unreadable: int
    migrations_open: int
    migrations_overdue: int
