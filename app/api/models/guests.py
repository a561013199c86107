"""Guests on the wire."""

from pydantic import Field, StrictBool

from app.api.models.common import In, KernelReleaseOut, Out, Text
from app.domain.planning.guest import Guest


class GuestIn(In):
    discovers_implementations: StrictBool = Field(
        description="Whether the guest asks for the list: Linux 6.15 or later. No default: guessing corrupts guests."
    )
    kernel_release: Text | None = Field(None, description="For advice only.", examples=["6.18.15"])

    def to_domain(self) -> Guest:
        return Guest(self.discovers_implementations, self.kernel_release)


class GuestOut(Out):
    discovers_implementations: bool
    kernel_release: KernelReleaseOut
