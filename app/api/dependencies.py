"""What handlers are given: the context of the use cases, paging, preconditions, who is asking."""

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Annotated, Final, TypeVar

from fastapi import Depends, Header, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from app.api.problems import refusal
from app.api.representations import names
from app.api.schemas.common import Name
from app.domain.answer import Answer
from app.domain.errors import InvalidCursor, RoadsteadError, UnsupportedContent
from app.domain.paging import PageRequest
from app.domain.preconditions import Precondition
from app.services.context import Context
from app.services.once import Attempt

T = TypeVar("T")

# All dependencies are coroutines: FastAPI would run plain functions in threads, which takes longer than they do.

_JSON: Final = "application/json"
_NUMBER: Final = re.compile(r"[0-9]{1,9}")


async def _context(request: Request) -> Context:
    context: Context = request.state.context
    return context


Services = Annotated[Context, Depends(_context)]

# Examples of requests are about the fleet of the demo: there they can be carried out as they stand.
HostName = Annotated[Name, Path(description="Name of a host.", examples=["fra1-r03-n02"])]
VmName = Annotated[Name, Path(description="Name of a VM.", examples=["web-01"])]
StoppedVmName = Annotated[Name, Path(description="Name of a VM.", examples=["batch-01"])]
"""Where the example must be a VM that does not run, or may be stopped."""
SpareHostName = Annotated[Name, Path(description="Name of a host.", examples=["fra1-r03-n09"])]
SpareVmName = Annotated[Name, Path(description="Name of a VM.", examples=["batch-02"])]
"""Where no other example needs what is deleted by this one."""

Cursor = Annotated[
    str | None, Query(max_length=1024, description="`next_cursor` of the page before; leave out for the first.")
]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many items to answer at most.")]


async def _page(limit: Limit = 100, cursor: Cursor = None) -> PageRequest:
    return PageRequest("" if cursor is None else _decoded(cursor), limit)


Paging = Annotated[PageRequest, Depends(_page)]


def encode_cursor(after: str | None) -> str | None:
    """A cursor for what follows a key; None for nothing."""
    return None if after is None else urlsafe_b64encode(after.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> str:
    try:
        after = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        raise InvalidCursor from None
    if not after or encode_cursor(after) != cursor or "\x00" in after:
        raise InvalidCursor
    return after


async def _number_page(page: Paging) -> PageRequest:
    if page.after and not _NUMBER.fullmatch(page.after):
        raise InvalidCursor
    return page


NumberPaging = Annotated[PageRequest, Depends(_number_page)]
"""Paging through what is ordered by number."""

IfMatch = Annotated[str | None, Header(description="Only if the resource still has one of these entity tags.")]
CreateOnly = Annotated[str | None, Header(alias="If-None-Match", description="`*`: only create.")]
IfNoneMatch = Annotated[str | None, Header(include_in_schema=False)]
"""Honoured where nothing can be created, too; nobody needs it there."""


def tags(header: str) -> frozenset[str]:
    """The entity tags of a condition. Weak ones never match a strong comparison, and are kept as they are."""
    return frozenset(tag.strip().removeprefix('"').removesuffix('"') for tag in header.split(","))


async def _precondition(if_match: IfMatch = None, if_none_match: IfNoneMatch = None) -> Precondition:
    return _asked(if_match, if_none_match)


async def _put_precondition(if_match: IfMatch = None, create_only: CreateOnly = None) -> Precondition:
    return _asked(if_match, create_only)


def _asked(if_match: str | None, if_none_match: str | None) -> Precondition:
    any_match = if_match is not None and if_match.strip() == "*"
    return Precondition(
        None if if_match is None or any_match else tags(if_match),
        any_match,
        if_none_match is not None and if_none_match.strip() == "*",
    )


Conditions = Annotated[Precondition, Depends(_precondition)]
PutConditions = Annotated[Precondition, Depends(_put_precondition)]


async def _reporter(request: Request) -> str:
    return f"anonymous@{request.client.host}" if request.client else "anonymous"


Reporter = Annotated[str, Depends(_reporter)]
"""Who says so, for the history."""

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


async def _once(request: Request, context: Services, idempotency_key: IdempotencyKey = None) -> Once:
    return Once(request, context, idempotency_key, fingerprint(request, await request.body()))


def fingerprint(request: Request, body: bytes) -> bytes:
    """Digest of what makes a request what it is."""
    return hashlib.sha256(request_line(request) + body).digest()


def request_line(request: Request) -> bytes:
    return f"{request.method} {request.url.path}?{request.url.query}\n".encode()


OnceOnly = Annotated[Once, Depends(_once)]


async def json_body(request: Request) -> None:
    """Refuse a body that is not said to be JSON. Raises UnsupportedContent."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = media_type == _JSON or (media_type.startswith("application/") and media_type.endswith("+json"))
    if not is_json and await request.body():
        raise UnsupportedContent(_JSON)


def send(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))


def tagged(request: Request, out: BaseModel, tag: str | None = None, *, status: int = 200) -> Response:
    """A single resource with its entity tag, by default the digest of the answer; 304 where the client has it."""
    body = out.model_dump_json().encode()
    tag = tag or hashlib.sha256(body).hexdigest()
    headers = {"ETag": f'"{tag}"'}
    held = request.headers.get("if-none-match")
    if request.method == "GET" and held is not None and names(held, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, status, headers, "application/json")
