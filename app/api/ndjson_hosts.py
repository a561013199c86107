"""Imports on the wire: NDJSON, taken in as fast as it comes, and read line by line when it is whole."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import orjson
from pydantic import ValidationError
from starlette.requests import Request

from app.api.idempotency import request_line
from app.api.models.host_imports import HostLine, NamedOneOfAKind
from app.api.spool import Spool
from app.api.validation import input_faults
from app.domain.errors import InputFault, StalledImport, TooLarge
from app.domain.fleet.host import Host, LinedHost
from app.domain.fleet.host_report import HostReport
from app.domain.planning.advice import AdviceTally
from app.services.host_imports import FAULTS_NAMED
from app.settings import Settings

MEDIA_TYPE: Final = "application/x-ndjson"

_KINDS: Final = 10_000
"""Kinds of hosts remembered during one import."""
_LONGEST_KIND: Final = 4_096
"""Bytes of what a kind is remembered by; a line of several kilobytes is hardly met again."""
_OWN: Final = tuple(NamedOneOfAKind.model_fields)
_BATCH: Final = 2_000
"""Hosts handed on at a time: what bounds the memory of an import."""


class _HostKinds:
    """Parses lines. Hosts of one kind say the same but for a few fields, so each kind is validated whole only once."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._known: dict[bytes, HostReport] = {}

    def report(self, line: bytes) -> HostReport:
        """What a line says of a host. Raises ValidationError."""
        own, kind = _divided(line)
        if kind is None or (alike := self._known.get(kind)) is None:
            return self._learn(kind, line)
        one = NamedOneOfAKind.model_validate(own)
        host = Host(
            name=one.name,
            state=alike.host.state,
            labels=one.labels,
            profile=alike.host.profile,
            observed_at=one.observed_at or self._now,
        )
        return HostReport(host, alike.unread)

    def _learn(self, kind: bytes | None, line: bytes) -> HostReport:
        parsed = HostLine.model_validate_json(line)
        report = HostReport(parsed.to_domain(parsed.name, self._now), parsed.unread)
        if kind is not None and len(kind) <= _LONGEST_KIND and len(self._known) < _KINDS:
            self._known[kind] = report
        return report


def _divided(line: bytes) -> tuple[dict[str, Any], bytes | None]:
    """A line's fields of its own, and the rest as a key; no key where the line is no JSON object."""
    try:
        document = orjson.loads(line)
        own = {field: document.pop(field) for field in _OWN if field in document}
        return own, orjson.dumps(document)
    except (orjson.JSONDecodeError, TypeError, AttributeError):
        return {}, None


class NdjsonHosts:
    """The hosts of a request body. Faulty lines are noted; the rest is read on, so that all faults can be named."""

    def __init__(self, request: Request, now: datetime, settings: Settings) -> None:
        self._request = request
        self._kinds = _HostKinds(now)
        self._max_bytes = settings.max_import_bytes
        self._max_line_bytes = settings.max_body_bytes
        self._max_pause = settings.max_import_pause
        self._digest = hashlib.sha256(request_line(request))
        self.faults: list[InputFault] = []
        self.fault_count = 0
        self.advice = AdviceTally()

    def fingerprint(self) -> bytes:
        return self._digest.digest()

    @asynccontextmanager
    async def arrived(self) -> AsyncIterator[AsyncIterator[list[LinedHost]]]:
        """The hosts, when the body is here whole: it comes as slowly as its client likes, and nobody waits for it."""
        with Spool() as body:
            await self._take_in(body)
            yield self._batches(body)

    async def _batches(self, body: Spool) -> AsyncIterator[list[LinedHost]]:
        batch: list[LinedHost] = []
        before = 0
        async for lines in body.lines():
            for number, line in enumerate(lines, before + 1):
                if host := self._host(number, line):
                    batch.append(host)
            before += len(lines)
            if len(batch) >= _BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    async def _take_in(self, body: Spool) -> None:
        size = unfinished = 0
        async for chunk in self._chunks():
            size += len(chunk)
            self._check_size(size, unfinished)
            self._digest.update(chunk)
            end = chunk.rfind(b"\n")
            unfinished = unfinished + len(chunk) if end < 0 else len(chunk) - end - 1
            await body.write(chunk)
        await body.flush()

    async def _chunks(self) -> AsyncIterator[bytes]:
        coming = aiter(self._request.stream())
        while True:
            try:
                async with asyncio.timeout(self._max_pause.total_seconds()):
                    chunk = await anext(coming, None)
            except TimeoutError:
                raise StalledImport(self._max_pause) from None
            if chunk is None:
                return
            yield chunk

    def _check_size(self, size: int, unfinished: int) -> None:
        if size > self._max_bytes:
            raise TooLarge(self._max_bytes)
        if unfinished > self._max_line_bytes:
            raise TooLarge(self._max_line_bytes)

    def _host(self, number: int, line: bytes) -> LinedHost | None:
        if not line.strip():
            return None
        try:
            report = self._kinds.report(line)
        except ValidationError as error:
            self._refuse(input_faults(error, HostLine, prefix=f"/{number}"))
            return None
        self.advice.add(report.host.name, report.host.profile)
        return LinedHost(number, report.host, report.unread)

    def _refuse(self, faults: list[InputFault]) -> None:
        self.fault_count += len(faults)
        self.faults += faults[: FAULTS_NAMED - len(self.faults)]
