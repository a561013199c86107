"""Files of hosts on their way to an import: NDJSON as it is, CSV made into it. Never more than a piece is in memory.

An array, as `hosts list` and `hosts export` print it in JSON, is read as a whole: without what only the service says.

The service validates hosts, and names faulty lines by their number. So a host from CSV is sent on the line on which it
stands in the file, after as many empty lines as it takes, and a cell that cannot be understood is sent as it is.
"""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Literal

from roadstead.cli.csv_hosts import csv_as_ndjson
from roadstead.cli.options import STANDARD_INPUT
from roadstead.cli.resources import HOST
from roadstead.cli.unusable import UnusableFile

HostFormat = Literal["ndjson", "csv"]

_PIECE = 1 << 16

Seen = Callable[[int], None]
"""Told how many bytes have been read."""


@dataclass(frozen=True, slots=True)
class HostFile:
    path: Path
    form: HostFormat

    @classmethod
    def of(cls, path: Path, form: HostFormat | None) -> "HostFile":
        return cls(path, form or ("csv" if path.suffix.lower() == ".csv" else "ndjson"))

    @property
    def repeatable(self) -> bool:
        """Whether it can be read again. Standard input and pipes cannot."""
        return self.path.is_file()

    @property
    def size(self) -> int | None:
        return self.path.stat().st_size if self.repeatable else None

    def chunks(self, seen: Seen) -> Iterator[bytes]:
        """The file as NDJSON. Raises UnusableFile."""
        with self._opened() as file:
            pieces = _as_it_is(file, seen) if self.form == "ndjson" else _from_csv(file, seen)
            try:
                yield from pieces
            except (ValueError, csv.Error) as error:
                message = f"{self.path} is no {self.form.upper()} in UTF-8: {error}"
                raise UnusableFile(message) from error

    def _opened(self) -> AbstractContextManager[BinaryIO]:
        return nullcontext(sys.stdin.buffer) if self.path == STANDARD_INPUT else self.path.open("rb")


def _as_it_is(file: BinaryIO, seen: Seen) -> Iterator[bytes]:
    pieces = iter(partial(file.read, _PIECE), b"")
    first = next(pieces, b"")
    if first.lstrip().startswith(b"["):
        yield from _gathered(_of_array(b"".join([first, *pieces])))
        return
    for piece in chain([first], pieces):
        seen(len(piece))
        yield piece


def _of_array(written: bytes) -> Iterator[bytes]:
    for host in json.loads(written):
        yield json.dumps(HOST.definition(host) if isinstance(host, dict) else host).encode() + b"\n"


def _from_csv(file: BinaryIO, seen: Seen) -> Iterator[bytes]:
    return _gathered(csv_as_ndjson(_text(file, seen)))


def _text(file: BinaryIO, seen: Seen) -> Iterator[str]:
    """Lines, without the byte order mark that spreadsheets write."""
    for number, line in enumerate(file):
        seen(len(line))
        yield line.decode("utf-8" if number else "utf-8-sig")


def _gathered(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The same in pieces that are worth sending."""
    piece = bytearray()
    for line in lines:
        piece += line
        if len(piece) >= _PIECE:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)
