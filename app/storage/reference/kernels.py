"""`kernels.json`: how kernel versions differ in what they make of an implementation list."""

from typing import Annotated, Final

from pydantic import AfterValidator, ValidationInfo, field_validator

from app.domain.reference.kernels import Behaviour, BehaviourSpan, KernelBehaviours, KernelVersion
from app.storage.reference.documents import Document, Format, Text, Version, read_document

FILE: Final = "kernels.json"


def read_kernel_behaviours(content: bytes) -> KernelBehaviours:
    """Raises InvalidReferenceData with every fault."""
    return read_document(FILE, _Kernels, content).to_domain()


class _Measured(Document):
    so: tuple[Version, ...]
    not_so: tuple[Version, ...]


class _Span(Document):
    code: Behaviour
    title: Text
    since: Version
    until: Version | None
    measured: _Measured
    source: Text

    @field_validator("until")
    @classmethod
    def _above(cls, until: KernelVersion | None, info: ValidationInfo) -> KernelVersion | None:
        if until and until <= info.data.get("since", KernelVersion(0, 0)):
            message = "must be above `since`"
            raise ValueError(message)
        return until

    @field_validator("measured")
    @classmethod
    def _agrees(cls, measured: _Measured, info: ValidationInfo) -> _Measured:
        if not info.data.keys() >= {"since", "until"}:
            return measured
        since, until = info.data["since"], info.data["until"]

        def within(version: KernelVersion) -> bool:
            return since <= version and (until is None or version < until)

        if not all(map(within, measured.so)):
            message = "lists under `so` a version outside the span"
            raise ValueError(message)
        if any(map(within, measured.not_so)):
            message = "lists under `not_so` a version inside the span"
            raise ValueError(message)
        return measured

    def to_domain(self) -> BehaviourSpan:
        so, not_so = self.measured.so, self.measured.not_so
        return BehaviourSpan(self.code, self.title, self.since, self.until, so, not_so, self.source)


def _complete(spans: tuple[_Span, ...]) -> tuple[_Span, ...]:
    if sorted(span.code for span in spans) != sorted(Behaviour):
        message = f"must describe each of {', '.join(Behaviour)} once"
        raise ValueError(message)
    return spans


class _Kernels(Document):
    format: Format
    behaviours: Annotated[tuple[_Span, ...], AfterValidator(_complete)]

    def to_domain(self) -> KernelBehaviours:
        return KernelBehaviours(tuple(each.to_domain() for each in self.behaviours))
