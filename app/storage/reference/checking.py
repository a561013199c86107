"""One file by itself, as the service would read it."""

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Final

from pydantic import JsonValue, TypeAdapter, ValidationError

from app.storage.reference import cpu_names, errata, id_registers, kernels


def contents(file: str, content: bytes) -> str:
    """What is in the file of this name, in a few words. Raises InvalidReferenceData."""
    return _CONTENTS[file](content)


def kind_of(path: PurePath, content: bytes) -> str:
    """Which file this is: its own name tells, and for a file of another name what it holds."""
    if path.name in _CONTENTS:
        return path.name
    try:
        document = TypeAdapter[JsonValue](JsonValue).validate_json(content)
    except ValidationError:
        return errata.FILE
    if isinstance(document, list):
        rows = [row for row in document if isinstance(row, dict)]
        return cpu_names.PARTS if any("part" in row for row in rows) else cpu_names.IMPLEMENTERS
    keys = document if isinstance(document, dict) else {}
    return next((file for key, file in _BY_KEY.items() if key in keys), errata.FILE)


def _errata(content: bytes) -> str:
    tables = errata.read_errata_tables(content)
    return f"{len(tables.entries)} tables of {tables.version}, {len(tables.omissions)} left out"


def _kernels(content: bytes) -> str:
    return f"{len(kernels.read_kernel_behaviours(content).behaviours)} kernel behaviours"


def _id_registers(content: bytes) -> str:
    table = id_registers.read_id_registers(content)
    fields = sum(len(each.fields) for each in table.registers)
    return f"{len(table.registers)} ID registers with {fields} fields, of Linux {table.version}"


def _implementers(content: bytes) -> str:
    return f"{len(cpu_names.read_implementers(content))} names of makers, added to those of the release"


def _parts(content: bytes) -> str:
    return f"{len(cpu_names.read_parts(content))} names of parts, added to those of the release"


_CONTENTS: Final[Mapping[str, Callable[[bytes], str]]] = {
    errata.FILE: _errata,
    kernels.FILE: _kernels,
    id_registers.FILE: _id_registers,
    cpu_names.IMPLEMENTERS: _implementers,
    cpu_names.PARTS: _parts,
}

_BY_KEY: Final = {"behaviours": kernels.FILE, "registers": id_registers.FILE}
