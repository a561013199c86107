"""Requests that are carried out once: Idempotency-Key."""

import hashlib
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request
from fastapi.responses import Response
from pydantic import BaseModel

from app.api.context import ContextDep
from app.api.problems import refusal
from app.domain.answer import Answer
from app.domain.errors import RoadsteadError
from app.services.context import Context
from app.services.idempotency import Attempt

T = TypeVar("T")


IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Send the same key with a repeated request: it is carried out once. Kept for 24 hours.",
    ),
]


class Once:
    """One sending of a POST: makes attempts that remember their answer."""

    def __init__(self, request: Request, context: Context, key: str | None, fingerprint: bytes) -> None:
        self._request = request
        self._context = context
        self._key = key
        self._fingerprint = fingerprint

    def answering(
        self,
        status: int,
        out: Callable[[T], BaseModel],
        tag: Callable[[T], str] | None = None,
        location: Callable[[T], str] | None = None,
    ) -> Attempt[T]:
        """An attempt whose outcome is answered with a status and a body; with the tag of what the body shows."""

        def render(outcome: T) -> Answer:
            headers = {"Content-Type": "application/json"}
            if tag is not None:
                headers["ETag"] = f'"{tag(outcome)}"'
            if location is not None:
                headers["Location"] = location(outcome)
            return Answer(status, headers, out(outcome).model_dump_json().encode())

        return Attempt(self._key, self._fingerprint, render, self._render_refusal)

    def _render_refusal(self, error: RoadsteadError) -> Answer:
        response = refusal(self._request, error, self._context.reference.names)
        return Answer(response.status_code, {"Content-Type": response.headers["Content-Type"]}, bytes(response.body))


async def _once(request: Request, context: ContextDep, idempotency_key: IdempotencyKey = None) -> Once:
    return Once(request, context, idempotency_key, fingerprint(request, await request.body()))


def fingerprint(request: Request, body: bytes) -> bytes:
    """Digest of what makes a request what it is."""
    return hashlib.sha256(request_line(request) + body).digest()


def request_line(request: Request) -> bytes:
    return f"{request.method} {request.url.path}?{request.url.query}\n".encode()


OnceOnly = Annotated[Once, Depends(_once)]


def send(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))
