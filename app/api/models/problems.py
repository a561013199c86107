"""Problems on the wire."""

from pydantic import Field

from app.api.models.common import ImplementationOut, Out, where_any
from app.api.models.reasons import ReasonOut


class FaultOut(Out):
    pointer: str = Field(
        description="JSON Pointer into the body, or to a parameter by its name.", examples=["/cpus/0/midr"]
    )
    detail: str
    location: str = Field(description="body, path, query or header.", examples=["body"])


class CandidateOut(Out):
    implementation: ImplementationOut
    hosts: int


class ProblemOut(Out):
    """RFC 9457. `code` is stable; so is everything it means."""

    type: str = Field(description="A page of this service about the problem.", examples=["/problems/host_not_found"])
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FaultOut] | None = where_any()
    reasons: list[ReasonOut] | None = where_any()
    errors_total: int | None = where_any(
        "All faults, those not named too: of an import, or of a document with very many."
    )
    count: int | None = where_any("too_many_implementations: how long the list would be.")
    max_implementations: int | None = where_any()
    candidates: list[CandidateOut] | None = where_any("What could be left out, rarest first.")
    vms: list[str] | None = where_any("host_in_use: the first few VMs.")
    migration: str | None = where_any("vm_migrating: the open migration.")
