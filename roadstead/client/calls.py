"""Calls of the API as values: what to send, and how to read what comes back. Nothing is sent here."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, Final, Generic, NamedTuple, Self, TypeVar, cast
from urllib.parse import quote

from roadstead.client.documents import Page

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

JSON: Final = "application/json"
NO_CONTENT: Final = 204
NOT_MODIFIED: Final = 304

Query = Mapping[str, str | int | bool | list[str] | None]
"""Parameters; None and an empty list are left out."""


class Unreadable(ValueError):
    """The body of an answer is not what the call is answered with."""


@dataclass(frozen=True, slots=True)
class Received:
    """An answer as it came, from whatever carried it. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def document(self) -> Any:
        try:
            document = json.loads(self.body)
        except ValueError as error:
            message = f"the body is no JSON: {error}"
            raise Unreadable(message) from None
        if not isinstance(document, dict):
            message = "the body is no JSON object"
            raise Unreadable(message)
        return document

    def content(self, media_type: str) -> bytes:
        """A body that is no JSON. What it is can be told by its type alone."""
        found = self.headers.get("content-type", "")
        if not found.startswith(media_type):
            message = f"the body is {found or 'of no type'}, not {media_type}"
            raise Unreadable(message)
        return self.body

    def nothing(self) -> None:
        if self.status != NO_CONTENT:
            message = f"{self.status} instead of {NO_CONTENT}"
            raise Unreadable(message)


Chunks = Callable[[], Iterable[bytes]]
"""A body in pieces, from its beginning each time it is asked for: a repeated call sends it again."""


class Body(NamedTuple):
    content: bytes | Chunks
    media_type: str


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """One call. The methods give changed copies; a call can be sent any number of times."""

    method: str
    path: str
    """Relative to the address of the service."""
    read: Callable[[Received], T_co]
    _: KW_ONLY
    query: Query = field(default_factory=dict)
    body: Body | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    changes_state: bool = False
    """A POST that must be carried out once: it gets an Idempotency-Key, which all its tries share."""
    repeatable: bool = True
    """Whether it may be tried again at all; not if its body can be read only once."""
    longest_wait: float | None = None
    """Seconds to wait for the answer, where it may take longer than answers do."""

    def only_if(self, etag: str) -> Self:
        """Refuse (412 `stale_revision`) if the resource no longer has this entity tag."""
        return self._with_header("If-Match", etag)

    def only_create(self) -> Self:
        """Refuse (412 `already_exists`) if the resource exists."""
        return self._with_header("If-None-Match", "*")

    def unless(self, etag: str) -> "Call[T_co | None]":
        """For a read: None where the resource still has this entity tag."""
        read = self.read
        changed = cast("Call[T_co | None]", self._with_header("If-None-Match", etag))
        return replace(changed, read=lambda received: None if received.status == NOT_MODIFIED else read(received))

    def with_key(self, key: str) -> Self:
        """Name the call yourself, so that it is carried out once even if this program starts again in between."""
        return self._with_header("Idempotency-Key", key)

    def following(self, page: Page[Any]) -> Self | None:
        """The call for the page after this one, None after the last."""
        cursor = page["next_cursor"]
        return None if cursor is None else replace(self, query={**self.query, "cursor": cursor})

    def _with_header(self, name: str, value: str) -> Self:
        return replace(self, headers={**self.headers, name: value})


class Answer(NamedTuple, Generic[T]):
    """What a call was answered with, and what the service said beside it."""

    value: T
    created: bool
    """Whether the call made something new (201)."""
    etag: str | None
    request_id: str | None
    """By which the log of the service knows the call."""


def get(path: str, query: Query | None = None) -> Call[Any]:
    return Call(method="GET", path=path, read=Received.document, query=query or {})


def put(path: str, document: object, query: Query | None = None) -> Call[Any]:
    return Call(method="PUT", path=path, read=Received.document, query=query or {}, body=in_json(document))


def patch(path: str, document: object) -> Call[Any]:
    return Call("PATCH", path, Received.document, body=in_json(document, "application/merge-patch+json"))


def delete(path: str) -> Call[None]:
    return Call("DELETE", path, Received.nothing)


def question(path: str, document: object = None) -> Call[Any]:
    """A POST that changes nothing."""
    return Call("POST", path, Received.document, body=None if document is None else in_json(document))


def action(path: str, document: object = None) -> Call[Any]:
    """A POST that changes something, once."""
    return replace(question(path, document), changes_state=True)


def in_json(document: object, media_type: str = JSON) -> Body:
    return Body(json.dumps(document).encode(), media_type)


def address(*parts: str | int, verb: str | None = None) -> str:
    """The path of a resource under /v1; names in it may hold anything."""
    path = "/".join(["v1", *(quote(str(part), safe="") for part in parts)])
    return path if verb is None else f"{path}:{verb}"
