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


class Unmet(TypedDict):
    """A condition of a placement, and the label of a host that does not satisfy it; None where it has no such label."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: list[str]
    found: str | None


class Weakening(TypedDict):
    """An implementation of a host, and the tables by which it would weaken the guest."""

    implementation: Implementation
    tables: list[str]


class _Differences(TypedDict, total=False):
    """What differs, with the code that it belongs to."""

    unlisted: list[Unlisted]
    """`implementation_not_listed`: all of them, and the first once more."""
    implementation: Implementation
    nearest_listed: Implementation
    differing_registers: list[str]
    unread_cpus: list[str | None]
    """`identity_incomplete`; None for all CPUs."""
    unmet: list[Unmet]
    """`placement_mismatch`."""
    weakening: list[Weakening]
    """`would_weaken_guest`."""


class Reason(_Differences):
    """Why a host is refused."""

    code: ReasonCode
    detail: str
    remedy: str
    help: str
    """The path of the service's page about the code."""
    lasting: bool
    """Waiting does not help: only a new boot or other hardware does."""
