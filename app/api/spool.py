"""Bodies that are kept until they are whole: in memory while they are small, then in a temporary file."""

import asyncio
from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import Final, Self

_IN_MEMORY: Final = 2**20
"""Bytes from which on a body goes to the disk."""
_AT_A_TIME: Final = 2**16
"""Bytes of lines that are read at a time: what is done with them keeps the event loop no longer than a moment."""


class Spool:
    """The disk is written and read in threads, since it may be slow; `flush` comes between writing and reading."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile[bytes](max_size=_IN_MEMORY)
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    async def write(self, chunk: bytes) -> None:
        self._waiting.append(chunk)
        self._waiting_bytes += len(chunk)
        if self._waiting_bytes >= _IN_MEMORY:
            await self.flush()

    async def flush(self) -> None:
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        await asyncio.to_thread(self._file.write, b"".join(waiting))

    async def lines(self) -> AsyncIterator[list[bytes]]:
        """All lines from the first on, some at a time."""
        self._file.seek(0)
        while lines := await asyncio.to_thread(self._file.readlines, _AT_A_TIME):
            yield lines
