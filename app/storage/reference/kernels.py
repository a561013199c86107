"""`kernels.json`: how kernel versions differ in what they make of an implementation list."""

from itertools import pairwise
from typing import Annotated, Final

from pydantic import AfterValidator, ValidationInfo, field_validator

from app.domain.reference.kernels import Behaviour, KernelBehaviour, KernelBehaviours, KernelVersion, Span
from app.storage.reference.documents import Document, Format, Text, Version, read_document

FILE: Final = "kernels.json"


def read_kernel_behaviours(content: bytes) -> KernelBehaviours:
    """Raises InvalidReferenceData with every fault."""
    return read_document(FILE, _Kernels, content).to_domain()


class _Measured(Document):
    so: tuple[Version, ...]
    not_so: tuple[Version, ...]


class _Span(Document):
    since: Version
    until: Version | None

    @field_validator("until")
    @classmethod
    def _above(cls, until: KernelVersion | None, info: ValidationInfo) -> KernelVersion | None:
        if until and until <= info.data.get("since", KernelVersion(0, 0)):
            message = "must be above `since`"
            raise ValueError(message)
        return until

    def to_domain(self) -> Span:
        return Span(self.since, self.until)


def _ascending(spans: tuple[_Span, ...]) -> tuple[_Span, ...]:
    ends = [(each.until, following.since) for each, following in pairwise(spans)]
    if not spans or any(until is None or since <= until for until, since in ends):
        message = "must be one span or more, ascending, each after the end of the one before"
        raise ValueError(message)
    return spans


class _Behaviour(Document):
    code: Behaviour
    title: Text
    spans: Annotated[tuple[_Span, ...], AfterValidator(_ascending)]
    measured: _Measured
    source: Text

    @field_validator("measured")
    @classmethod
    def _agrees(cls, measured: _Measured, info: ValidationInfo) -> _Measured:
        if "spans" not in info.data:
            return measured
        spans = [each.to_domain() for each in info.data["spans"]]

        def within(version: KernelVersion) -> bool:
            return any(version in span for span in spans)

        if not all(map(within, measured.so)):
            message = "lists under `so` a version outside the spans"
            raise ValueError(message)
        if any(map(within, measured.not_so)):
            message = "lists under `not_so` a version inside a span"
            raise ValueError(message)
        return measured

    def to_domain(self) -> KernelBehaviour:
        return KernelBehaviour(
            behaviour=self.code,
            title=self.title,
            spans=tuple(each.to_domain() for each in self.spans),
            measured_so=self.measured.so,
            measured_not_so=self.measured.not_so,
            source=self.source,
        )


def _complete(behaviours: tuple[_Behaviour, ...]) -> tuple[_Behaviour, ...]:
    if sorted(each.code for each in behaviours) != sorted(Behaviour):
        message = f"must describe each of {', '.join(Behaviour)} once"
        raise ValueError(message)
    return behaviours


class _Kernels(Document):
    format: Format
    behaviours: Annotated[tuple[_Behaviour, ...], AfterValidator(_complete)]

    def to_domain(self) -> KernelBehaviours:
        return KernelBehaviours(tuple(each.to_domain() for each in self.behaviours))
