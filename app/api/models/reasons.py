"""Why hosts are refused, on the wire."""

from typing import Any

from pydantic import Field

from app.api.models.common import ImplementationOut, Out
from app.domain.cpu.cpu_names import CpuNames
from app.domain.planning.reasons import Reason, ReasonCode, Unlisted


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


def _only_with(description: str) -> Any:  # noqa: ANN401 - a field's default
    """A field that stands only in reasons with `implementation_not_listed`."""
    return Field(None, description=description, exclude_if=lambda value: value is None)


class ReasonOut(Out):
    """Why a host is refused."""

    code: ReasonCode
    detail: str
    remedy: str
    lasting: bool = Field(description="Waiting does not help: only a new boot or other hardware does.")
    implementation: ImplementationOut | None = _only_with("The first that is not listed.")
    nearest_listed: ImplementationOut | None = _only_with("The listed one that is nearest to it.")
    differing_registers: list[str] | None = _only_with("The registers in which the two differ.")
    unlisted: list[UnlistedOut] | None = _only_with("All that are not listed.")

    @classmethod
    def from_domain(cls, reason: Reason, names: CpuNames) -> "ReasonOut":
        unlisted = [UnlistedOut.from_domain(each, names) for each in reason.unlisted]
        first: dict[str, Any] = {**dict(unlisted[0]), "unlisted": unlisted} if unlisted else {}
        return cls(code=reason.code, detail=reason.detail, remedy=reason.remedy, lasting=reason.lasting, **first)
