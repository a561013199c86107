"""How the service refuses (RFC 9457)."""

from typing import Literal, TypedDict

from roadstead.client.documents.common import Implementation
from roadstead.client.documents.reasons import Reason

ProblemCode = Literal[
    "invalid_request",
    "invalid_import",
    "invalid_cursor",
    "idempotency_key_reused",
    "unauthenticated",
    "forbidden",
    "too_many_requests",
    "not_found",
    "host_not_found",
    "vm_not_found",
    "boot_not_found",
    "migration_not_found",
    "implementation_list_not_found",
    "erratum_not_found",
    "no_current_list",
    "method_not_allowed",
    "boot_refused",
    "too_many_implementations",
    "not_a_target",
    "vm_running",
    "vm_migrating",
    "vm_not_running",
    "host_in_use",
    "record_unreadable",
    "migration_closed",
    "hypercalls_hidden",
    "not_representable",
    "stale_revision",
    "already_exists",
    "body_too_large",
    "request_timeout",
    "unsupported_media_type",
    "database_unavailable",
    "not_ready",
    "bad_request",
    "internal_error",
]


class Fault(TypedDict):
    """A place of what was sent, and what is wrong there."""

    pointer: str
    detail: str
    location: str


class Candidate(TypedDict):
    """An implementation that could be left out of a list that is too long."""

    implementation: Implementation
    hosts: int


class _ProblemDetails(TypedDict, total=False):
    """What only some problems have."""

    errors: list[Fault]
    reasons: list[Reason]
    errors_total: int
    """All faults of an import, those not named too."""
    count: int
    max_implementations: int
    candidates: list[Candidate]
    vms: list[str]
    migration: str


class ProblemDocument(_ProblemDetails):
    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
