"""The reference data that the service ships, for tests that ask it and tests that spoil it."""

import json
from pathlib import Path
from typing import Any, Final

from app.storage.reference.errata import read_errata_tables
from app.storage.reference.kernels import read_kernel_behaviours

_SHIPPED: Final = Path(__file__).parents[2] / "app" / "data"
_OURS: Final = Path(__file__).parent / "data"

Document = dict[str, Any]


def errata_document() -> Document:
    return _document("errata.json")


def kernels_document() -> Document:
    return _document("kernels.json")


def id_registers_document() -> Document:
    return _document("idregs.json")


def _document(name: str) -> Document:
    document: Document = json.loads((_SHIPPED / name).read_text())
    return document


def vectors() -> list[Document]:
    """Cases computed with the kernel's own tables and comparison functions, compiled for the purpose."""
    found: list[Document] = json.loads((_OURS / "errata-vectors.json").read_text())
    return found


TABLES: Final = read_errata_tables((_SHIPPED / "errata.json").read_bytes())
KERNELS: Final = read_kernel_behaviours((_SHIPPED / "kernels.json").read_bytes())


def put(document: Document, pointer: str, value: object) -> Document:
    """Set what a JSON Pointer names, which need not exist yet; change the document in place."""
    *way, last = pointer.removeprefix("/").split("/")
    place: Any = document
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    place[int(last) if isinstance(place, list) else last] = value
    return document
