"""What the files have in common: how they are read, and how their faults are told."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, NamedTuple, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
)

from app.domain.reference.kernels import KernelVersion
from app.sentences import json_pointer, sentence

_STRICT: Final = ConfigDict(strict=True, extra="forbid", frozen=True)
"""Nothing is converted and nothing passed over: a fact that is misread corrupts guests."""

_FORMAT: Final = 1
"""Grows when a document of the old form would be misread."""


class Document(BaseModel):
    """A JSON object of a file."""

    model_config = _STRICT


class Fault(NamedTuple):
    """Where in the file, and what is wrong there."""

    pointer: str
    """JSON Pointer (RFC 6901); empty for the whole document."""
    line: int
    detail: str


class InvalidReferenceData(Exception):
    """A file that cannot be taken, with all its faults."""

    def __init__(self, file: str, faults: Sequence[Fault]) -> None:
        places = (f"{fault.pointer or 'the document'} (line {fault.line}): {fault.detail}" for fault in faults)
        super().__init__(f"{file}: {'; '.join(places)}")
        self.file = file
        self.faults = tuple(faults)


def distinct(value: object, info: ValidationInfo, refusal: str) -> None:
    """Refuse what the document had before."""
    seen: Any = info.context  # the set that `read_document` gives each document
    if value in seen:
        raise ValueError(refusal)
    seen.add(value)


M = TypeVar("M", bound=BaseModel)


def read_document(file: str, model: type[M], content: bytes) -> M:
    """The content of a file; raises InvalidReferenceData with every fault."""
    try:
        return model.model_validate_json(content, context=set[object]())
    except ValidationError as error:
        text = content.decode(errors="replace")
        raise InvalidReferenceData(file, [_fault(text, each, model) for each in error.errors()]) from None


def _fault(text: str, error: Any, model: type[BaseModel]) -> Fault:
    location = error["loc"]
    pointer = json_pointer(location)
    if error["type"] == "json_invalid":
        found = re.search(r"line (\d+) column", error["ctx"]["error"])
        return Fault(pointer, int(found[1]) if found else 1, sentence(error))
    return Fault(pointer, line_of(text, location), sentence(error, model))


_DECODER: Final = json.JSONDecoder()


def line_of(text: str, location: Sequence[int | str]) -> int:
    """The line on which a place of a JSON document begins; of what is not there, that of the value around it."""
    at = _value_at(text, 0)
    for step in location:
        found = _child(text, at, step)
        if found is None:
            break
        at = found
    return text.count("\n", 0, at) + 1


def _child(text: str, at: int, step: int | str) -> int | None:
    """Where the member of an object, or the item of an array, begins."""
    if text[at] != ("{" if isinstance(step, str) else "["):
        return None
    at, index = _value_at(text, at + 1), 0
    while text[at] not in "]}":
        key: int | str = index
        if isinstance(step, str):
            key, at = _DECODER.raw_decode(text, at)
            at = _value_at(text, _value_at(text, at) + 1)
        if key == step:
            return at
        _, at = _DECODER.raw_decode(text, at)
        at, index = _value_at(text, at), index + 1
        at = _value_at(text, at + 1) if text[at] == "," else at
    return None


def _value_at(text: str, at: int) -> int:
    """The first character from here on that is no white space."""
    while text[at : at + 1].isspace():
        at += 1
    return at


def _format(value: int) -> int:
    if value != _FORMAT:
        message = f"must be {_FORMAT}, the format that this release reads"
        raise ValueError(message)
    return value


def decoded(pattern: str, refusal: str, decode: Callable[[str], object]) -> Callable[[object], object]:
    """A decoder of strings of one form, which says in words what that form is."""
    compiled = re.compile(pattern)

    def decoder(value: object) -> object:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise ValueError(refusal)
        return decode(value)

    return decoder


def _kernel_version(value: object) -> KernelVersion:
    if not isinstance(value, str):
        message = "must be a kernel version in a string, such as 6.18.15"
        raise ValueError(message)  # noqa: TRY004 - Pydantic takes ValueError
    return KernelVersion.parse(value)


def _hexadecimal(digits: int) -> BeforeValidator:
    refusal = f"must be 0x and {digits} lower-case hexadecimal digits"
    return BeforeValidator(decoded(f"0x[0-9a-f]{{{digits}}}", refusal, lambda value: int(value, 16)))


Format = Annotated[int, AfterValidator(_format)]
Text = Annotated[str, Field(min_length=1)]
Version = Annotated[KernelVersion, PlainValidator(_kernel_version)]
Implementer = Annotated[int, _hexadecimal(2)]
Part = Annotated[int, _hexadecimal(3)]
