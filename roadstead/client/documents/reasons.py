"""Why hosts are refused."""

from typing import Literal, TypedDict

from roadstead.client.documents.common import Implementation

ReasonCode = Literal[
    "is_current_host",
    "host_not_active",
    "placement_mismatch",
    "identity_incomplete",
    "inventory_stale",
    "implementation_not_listed",
    "lacks_writable_id_registers",
    "lacks_discovery_hypercalls",
    "guest_cannot_discover",
    "would_weaken_guest",
    "heterogeneous_host",
    "hazard_on_boot_host",
]


class Unlisted(TypedDict):
    """An implementation of a host that a list does not have, beside the nearest that it has."""

    implementation: Implementation
    nearest_listed: Implementation
    differing_registers: list[str]


class _WithUnlisted(TypedDict, total=False):
    """Only with `implementation_not_listed`: all of them, and the first once more."""

    unlisted: list[Unlisted]
    implementation: Implementation
    nearest_listed: Implementation
    differing_registers: list[str]


class Reason(_WithUnlisted):
    """Why a host is refused."""

    code: ReasonCode
    detail: str
    remedy: str
    lasting: bool
    """Waiting does not help: only a new boot or other hardware does."""
