"""Imports on the wire: NDJSON, read line by line while it arrives."""

import hashlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from pydantic import ValidationError
from starlette.requests import Request

from app.api.dependencies import request_line
from app.api.problems import input_faults
from app.api.schemas.hosts import HostLine
from app.domain.errors import InputFault, TooLarge
from app.domain.host import LinedHost
from app.services.inventory import FAULTS_NAMED
from app.settings import Settings

MEDIA_TYPE: Final = "application/x-ndjson"

_BATCH: Final = 2_000
"""Hosts handed on at a time: what bounds the memory of an import."""


class NdjsonHosts:
    """The hosts of a request body. After the first faulty line the rest is only checked."""

    def __init__(self, request: Request, now: datetime, settings: Settings) -> None:
        self._request = request
        self._now = now
        self._max_bytes = settings.max_import_bytes
        self._max_line_bytes = settings.max_body_bytes
        self._digest = hashlib.sha256(request_line(request))
        self.faults: list[InputFault] = []
        self.fault_count = 0

    def fingerprint(self) -> bytes:
        return self._digest.digest()

    async def __aiter__(self) -> AsyncIterator[list[LinedHost]]:
        batch: list[LinedHost] = []
        before = 0
        async for lines in self._lines():
            for number, line in enumerate(lines, before + 1):
                if (host := self._host(number, line)) and not self.faults:
                    batch.append(host)
            before += len(lines)
            if len(batch) >= _BATCH:
                yield batch
                batch = []
        if batch and not self.faults:
            yield batch

    async def _lines(self) -> AsyncIterator[list[bytes]]:
        """Whole lines as they become whole; the last one may lack its line end."""
        rest, size = b"", 0
        async for chunk in self._request.stream():
            size += len(chunk)
            self._check_size(size, len(rest))
            self._digest.update(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            yield lines
        yield [rest]

    def _check_size(self, size: int, unfinished: int) -> None:
        if size > self._max_bytes:
            raise TooLarge(self._max_bytes)
        if unfinished > self._max_line_bytes:
            raise TooLarge(self._max_line_bytes)

    def _host(self, number: int, line: bytes) -> LinedHost | None:
        if not line.strip():
            return None
        try:
            parsed = HostLine.model_validate_json(line)
        except ValidationError as error:
            self._refuse(input_faults(error, prefix=f"/{number}"))
            return None
        return LinedHost(number, parsed.to_domain(parsed.name, self._now))

    def _refuse(self, faults: list[InputFault]) -> None:
        self.fault_count += len(faults)
        self.faults += faults[: FAULTS_NAMED - len(self.faults)]
