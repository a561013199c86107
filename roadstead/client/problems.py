"""How calls end that are not answered with what they ask for.

ClientError
├── Problem        the service has answered, and refuses
└── Unreachable    no answer came that says anything about the call: none at all, or one of somebody else
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, get_args

from roadstead.client.calls import Received
from roadstead.client.documents import Fault, ProblemCode, Reason

MEDIA_TYPE: Final = "application/problem+json"
_CODES: Final = {code: code for code in get_args(ProblemCode)}
_WRONG_ADDRESS: Final = frozenset({"not_found", "method_not_allowed"})
"""A service that does not know the path is not at the address, or of another release: it was not asked yet."""

FIRST_ERROR: Final = 300
"""Redirections are none of the service's: whatever sends them is not the address that was meant."""


class ClientError(Exception):
    """Any of the failures below. Its text is one sentence."""


class Unreachable(ClientError):
    """The service did not answer, in all tries that were made; or something else did."""


class Problem(ClientError):
    """A refusal (RFC 9457)."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        self.status = status
        self.document = document
        """The whole of it, with what only some problems have: `candidates`, `vms`, `migration`, …"""
        self.code = _text(document.get("code"))
        """Stable."""
        self.kind: ProblemCode | None = _CODES.get(self.code)
        """The same for type checkers; None for what this release of the client does not know."""
        self.title = _text(document.get("title")) or _phrase(status)
        self.detail = _text(document.get("detail"))
        self.errors: Sequence[Fault] = _objects(document.get("errors"), "pointer", "detail")
        self.reasons: Sequence[Reason] = _objects(document.get("reasons"), "code", "detail", "remedy")
        self.request_id: str | None = document.get("request_id")
        super().__init__(self.detail or self.title)

    @property
    def undecided(self) -> bool:
        """Whether it says nothing about what was asked: the service could not work, or was not asked at all."""
        return (
            self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            or self.status == HTTPStatus.TOO_MANY_REQUESTS
            or self.code in _WRONG_ADDRESS
        )

    @classmethod
    def of(cls, received: Received) -> "Problem | None":
        """None where the answer is not the service's, but that of a proxy, or of whatever is at its address."""
        document = _problem(received)
        if not _text(document.get("code")):
            return None
        return cls(received.status, {"request_id": received.headers.get("x-request-id"), **document})


def strange(received: Received) -> str:
    """An answer that is none of the service's, in words."""
    leads = received.headers.get("location")
    return f"{_phrase(received.status)}, which leads to {leads}" if leads else _phrase(received.status)


def _problem(received: Received) -> dict[str, Any]:
    if not received.headers.get("content-type", "").startswith(MEDIA_TYPE):
        return {}
    try:
        document = json.loads(received.body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


# What stands before the service may answer in its form, and yet with anything.


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _objects(value: object, *texts: str) -> list[Any]:
    """Those objects of a list that have all of the texts."""
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict) and all(_text(item.get(name)) for name in texts)]


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
