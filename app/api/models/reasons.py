"""Why hosts are refused, on the wire."""

from collections.abc import Sequence
from typing import Annotated, Any, assert_never

from pydantic import Field

from app.api.models.common import ImplementationOut, Out, where_any
from app.api.reason_types import page_of
from app.domain.cpu.cpu_names import CpuNames
from app.domain.fleet.placement import Operator
from app.domain.planning.reasons import Difference, Reason, ReasonCode, Unlisted, Unmet, Unread, Weakening


class UnlistedOut(Out):
    """An implementation of the host that the list does not have, beside the nearest that it has."""

    implementation: ImplementationOut
    nearest_listed: ImplementationOut
    differing_registers: list[str] = Field(examples=[["revidr"]])

    @classmethod
    def from_domain(cls, unlisted: Unlisted, names: CpuNames) -> "UnlistedOut":
        return cls(
            implementation=ImplementationOut.from_domain(unlisted.implementation, names),
            nearest_listed=ImplementationOut.from_domain(unlisted.nearest_listed, names),
            differing_registers=list(unlisted.differing_registers),
        )


class UnmetOut(Out):
    """A condition of the placement, and the host's label; null where it has none of that key."""

    key: str = Field(examples=["zone"])
    operator: Operator
    values: list[str] = Field(examples=[["fra1"]])
    found: str | None = Field(examples=["fra2"])

    @classmethod
    def from_domain(cls, unmet: Unmet) -> "UnmetOut":
        asked = unmet.requirement
        return cls(key=asked.key, operator=asked.operator, values=list(asked.values), found=unmet.found)


class WeakeningOut(Out):
    """An implementation of the host, and the tables by which it would weaken the guest."""

    implementation: ImplementationOut
    tables: list[str] = Field(examples=[["ARM64_SPECTRE_BHB"]])

    @classmethod
    def from_domain(cls, weakening: Weakening, names: CpuNames) -> "WeakeningOut":
        implementation = ImplementationOut.from_domain(weakening.implementation, names)
        return cls(implementation=implementation, tables=list(weakening.tables))


def _only_with(code: ReasonCode, description: str) -> Any:
    """A field that stands only in reasons of one code."""
    return where_any(f"{code}: {description}")


ReasonPage = Annotated[
    str,
    Field(description="The page of this service about the reason.", examples=["/reasons/implementation_not_listed"]),
]


class ReasonOut(Out):
    """Why a host is refused."""

    code: ReasonCode
    detail: str
    remedy: str
    help: ReasonPage
    lasting: bool = Field(description="Waiting does not help: only a new boot or other hardware does.")
    implementation: ImplementationOut | None = _only_with(
        ReasonCode.IMPLEMENTATION_NOT_LISTED, "the first that is not listed."
    )
    nearest_listed: ImplementationOut | None = _only_with(
        ReasonCode.IMPLEMENTATION_NOT_LISTED, "the listed one that is nearest to it."
    )
    differing_registers: list[str] | None = _only_with(
        ReasonCode.IMPLEMENTATION_NOT_LISTED, "the registers in which the two differ."
    )
    unlisted: list[UnlistedOut] | None = _only_with(ReasonCode.IMPLEMENTATION_NOT_LISTED, "all that are not listed.")
    unread_cpus: list[str | None] | None = _only_with(
        ReasonCode.IDENTITY_INCOMPLETE, "CPUs with an unread register; null for all of them."
    )
    unmet: list[UnmetOut] | None = _only_with(
        ReasonCode.PLACEMENT_MISMATCH, "conditions that the host's labels do not satisfy."
    )
    weakening: list[WeakeningOut] | None = _only_with(
        ReasonCode.WOULD_WEAKEN_GUEST, "implementations that would weaken the guest."
    )

    @classmethod
    def from_domain(cls, reason: Reason, names: CpuNames) -> "ReasonOut":
        more = _differences(reason.differences, names)
        return cls(
            code=reason.code,
            detail=reason.detail,
            remedy=reason.remedy,
            help=page_of(reason.code),
            lasting=reason.lasting,
            **more,
        )


def _differences(differences: Sequence[Difference], names: CpuNames) -> dict[str, Any]:
    """The fields that tell what differs. The first unlisted implementation stands beside its reason as well."""
    fields: dict[str, Any] = {}
    for each in differences:
        match each:
            case Unlisted():
                unlisted = UnlistedOut.from_domain(each, names)
                fields.setdefault("unlisted", []).append(unlisted)
                fields = {**dict(unlisted), **fields}
            case Unread():
                fields.setdefault("unread_cpus", []).append(None if each.cpus is None else str(each.cpus))
            case Unmet():
                fields.setdefault("unmet", []).append(UnmetOut.from_domain(each))
            case Weakening():
                fields.setdefault("weakening", []).append(WeakeningOut.from_domain(each, names))
            case _:
                assert_never(each)
    return fields
