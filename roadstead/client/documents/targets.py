"""Where VMs may move, and why not elsewhere."""

from typing import TypedDict

from roadstead.client.documents.common import Implementation, Page
from roadstead.client.documents.reasons import Reason, ReasonCode


class Target(TypedDict):
    host: str
    implementations: list[Implementation]


class TargetPage(Page[Target]):
    vm: str
    fleet_revision: int
    total: int
    accepted_hazards: list[str]
    admissible: bool
    """False while a migration of the VM is open."""
    migration: str | None
    summary: str


class Comparison(TypedDict):
    """An implementation of a host, and what the list has nearest to it: itself, if it is listed."""

    implementation: Implementation
    nearest_listed: Implementation | None
    """None where a register of the host is unknown."""
    differing_registers: list[str]


class Verdict(TypedDict):
    vm: str
    fleet_revision: int
    host: str
    eligible: bool
    admissible: bool
    """False while a migration of the VM is open, whatever is said of the host."""
    migration: str | None
    reasons: list[Reason]
    comparison: list[Comparison]
    accepted_hazards: list[str]


class Rejection(TypedDict):
    code: ReasonCode
    help: str
    """The path of the service's page about the code."""
    hosts: int
    examples: list[str]


class Rejections(TypedDict):
    vm: str
    fleet_revision: int
    total: int
    items: list[Rejection]
    accepted_hazards: list[str]
