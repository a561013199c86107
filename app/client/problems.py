"""How calls end that are not answered with what they ask for.

ClientError
├── Problem        the service has answered, and refuses
└── Unreachable    no answer came that says anything about the call
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from app.client.calls import Received
from app.client.documents import Fault, Reason

MEDIA_TYPE: Final = "application/problem+json"
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
        self.code: str = document.get("code", f"http_{status}")
        """Stable. `http_NNN` where the answer was no problem document: then a proxy gave it, not the service."""
        self.title: str = document.get("title", _phrase(status))
        self.detail: str = document.get("detail", "")
        self.errors: Sequence[Fault] = document.get("errors", ())
        self.reasons: Sequence[Reason] = document.get("reasons", ())
        self.request_id: str | None = document.get("request_id")
        super().__init__(self.detail or self.title)

    @property
    def undecided(self) -> bool:
        """Whether it says nothing about what was asked: the service, or what stands before it, could not work."""
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR or self.status == HTTPStatus.TOO_MANY_REQUESTS

    @classmethod
    def of(cls, received: Received) -> "Problem":
        return cls(received.status, {"request_id": received.headers.get("x-request-id"), **_problem(received)})


def _problem(received: Received) -> dict[str, Any]:
    if not received.headers.get("content-type", "").startswith(MEDIA_TYPE):
        return {}
    try:
        document = json.loads(received.body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
