"""Hosts from CSV (docs/cli.md): one row a host, and one more for each further group of CPUs."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from roadstead.cli.unusable import UnusableFile

Document = dict[str, Any]

_REQUIRED: Final = frozenset({"name", "midr", "revidr"})
_CPUS: Final = ("cpu_list", "midr", "revidr", "aidr")
_LABEL: Final = "label."
_SEPARATORS: Final[Mapping[str, str]] = {";": ";", "\t": "tabs", "|": "|"}
_BEYOND: Final = "cells beyond the header"
"""Under this the service is sent what stands in no column; it refuses the line, and says so."""

_BOOLEANS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _boolean(cell: str) -> bool | str:
    return _BOOLEANS.get(cell.lower(), cell)


def _number(cell: str) -> int | str:
    return int(cell) if cell.isascii() and cell.isdecimal() else cell


_PLACES: Final[Mapping[str, tuple[tuple[str, ...], Callable[[str], object]]]] = {
    "name": (("name",), str),
    "state": (("state",), str),
    "writable_id_registers": (("capabilities", "writable_id_registers"), _boolean),
    "discovery_hypercalls": (("capabilities", "discovery_hypercalls"), _boolean),
    "vcpus": (("capacity", "vcpus"), _number),
    "memory_mib": (("capacity", "memory_mib"), _number),
    "kernel_release": (("kernel_release",), str),
    "vmm": (("vmm",), str),
    "observed_at": (("observed_at",), str),
}
"""Where in the document of a host the cell of a column stands, and what it means there."""

COLUMNS: Final = (*_PLACES, *_CPUS)

SETTABLE: Final = tuple(column for column in _PLACES if column not in {"name", "state", "observed_at"})
"""What a person may say of a host that is there; the rest has commands of its own, or is the collector's."""


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: Mapping[str, str]
    """Without those that are empty."""

    def continues(self, first: "_Row") -> bool:
        """Whether it only adds CPUs to the host of another row."""
        rest = {column: cell for column, cell in self.cells.items() if column not in _CPUS}
        return self.cells.get("name") == first.cells.get("name") and rest.items() <= first.cells.items()

    @property
    def cpus(self) -> Document:
        """An AIDR that is not told is left out: what the service knows of it stays."""
        document: Document = {column: self.cells.get(column) for column in _CPUS}
        return document if document["aidr"] else {column: cell for column, cell in document.items() if column != "aidr"}


def csv_as_ndjson(lines: Iterable[str]) -> Iterator[bytes]:
    """A line for each line, empty where no host begins. Raises UnusableFile if the header is not as it must be."""
    written = 0
    for line, host in _hosts(_rows(lines)):
        yield b"\n" * (line - written - 1) + json.dumps(host).encode() + b"\n"
        written = line


def _rows(lines: Iterable[str]) -> Iterator[_Row]:
    reader = csv.reader(lines, strict=True)
    header = [title.strip() for title in next(reader, [])]
    _check(header)
    for row in reader:
        cells = {title: cell.strip() for title, cell in zip(header, row, strict=False) if cell.strip()}
        if beyond := row[len(header) :]:
            cells[_BEYOND] = ",".join(beyond)
        if cells:
            yield _Row(reader.line_num, cells)


def _check(header: list[str]) -> None:
    _check_separator(header)
    meant = {title: _meant(title) for title in header if title not in COLUMNS and title[:6] != _LABEL}
    capitals = [f"{title} is {column}" for title, column in meant.items() if column == title.lower()]
    faults = [f"no column {title}" for title in sorted(_REQUIRED.difference(header, meant.values()))]
    faults += [_unknown(title, column) for title, column in meant.items() if column != title.lower()]
    faults += [f"column {title} twice" for title in sorted(set(header)) if header.count(title) > 1]
    said = [f"columns are written in lower case: {', '.join(capitals)}"] if capitals else []
    said += [f"the CSV has {', '.join(faults)}"] if faults else []
    if said:
        raise UnusableFile("; ".join(said))


def _check_separator(header: list[str]) -> None:
    """Spreadsheets of some countries write other separators; then the header is one long title."""
    for separator, name in _SEPARATORS.items():
        if len(header) == 1 and separator in header[0]:
            message = f"the CSV is separated by {name} where a comma is expected"
            raise UnusableFile(message)


def _meant(title: str) -> str:
    """The column that was probably meant: one that is written nearly so, else a label."""
    small = title.lower()
    if small.startswith(_LABEL):
        return small
    return next(iter(get_close_matches(re.sub("[ -]", "_", small), COLUMNS, n=1, cutoff=0.75)), f"{_LABEL}{title}")


def _unknown(title: str, column: str) -> str:
    return f"an unknown column {title!r}: did you mean {column}?" if title else "a column without a title"


def _hosts(rows: Iterable[_Row]) -> Iterator[tuple[int, Document]]:
    """Hosts with the lines on which they begin."""
    first: _Row | None = None
    host: Document = {}
    for row in rows:
        if first and row.continues(first):
            host["cpus"].append(row.cpus)
            continue
        if first:
            yield first.line, host
        first, host = row, _host(row)
    if first:
        yield first.line, host


def _host(row: _Row) -> Document:
    host: Document = {"cpus": [row.cpus]}
    for column, cell in row.cells.items():
        if column not in _CPUS:
            place(host, column, cell)
    return host


def place(host: Document, column: str, cell: str) -> None:
    """Put what a cell means where it belongs; null for an empty one."""
    if column.startswith(_LABEL):
        host.setdefault("labels", {})[column.removeprefix(_LABEL)] = cell
        return
    (*parents, name), meaning = _PLACES.get(column, ((column,), str))
    for parent in parents:
        host = host.setdefault(parent, {})
    host[name] = meaning(cell) if cell else None
