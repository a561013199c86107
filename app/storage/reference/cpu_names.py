"""`implementers.json` and `parts.json`: names of CPUs for people."""

from collections.abc import Mapping
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, ConfigDict, RootModel, ValidationInfo

from app.storage.reference.documents import Document, Implementer, Part, Text, distinct, read_document

IMPLEMENTERS: Final = "implementers.json"
PARTS: Final = "parts.json"


def read_implementers(content: bytes) -> Mapping[int, str]:
    """Names of makers. Raises InvalidReferenceData with every fault."""
    return {row.implementer: row.name for row in read_document(IMPLEMENTERS, _Implementers, content).root}


def read_parts(content: bytes) -> Mapping[tuple[int, int], str]:
    """Names by (implementer, part number). Raises InvalidReferenceData with every fault."""
    return {row.key: row.name for row in read_document(PARTS, _Parts, content).root}


class _ImplementerRow(Document):
    implementer: Implementer
    name: Text
    full_name: Text | None = None

    @property
    def key(self) -> int:
        return self.implementer


class _PartRow(Document):
    implementer: Implementer
    part: Part
    name: Text
    family: Text | None = None

    @property
    def key(self) -> tuple[int, int]:
        return self.implementer, self.part


T = TypeVar("T", _ImplementerRow, _PartRow)


def _distinct(row: T, info: ValidationInfo) -> T:
    distinct(row.key, info, "is the second row of this number")
    return row


class _Implementers(RootModel[tuple[Annotated[_ImplementerRow, AfterValidator(_distinct)], ...]]):
    model_config = ConfigDict(strict=True, frozen=True)


class _Parts(RootModel[tuple[Annotated[_PartRow, AfterValidator(_distinct)], ...]]):
    model_config = ConfigDict(strict=True, frozen=True)
