"""Sending a report to the service, with patience for an outage and sentences for a refusal."""

import random
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx

from app.collector.failures import Misconfigured, ReportRefused, ServiceUnreachable
from app.collector.report import HostReport

_BUSY: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Answers that say nothing about the report and may be different in a moment."""

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 60.0
"""Seconds. A service that asks for more is left to the next run."""

_TIMEOUT: Final = httpx.Timeout(30, connect=5)
_TOKEN: Final = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Credentials:
    """By what the service and the collector know each other. None: the system's certificates; no proof."""

    token_file: Path | None = None
    ca: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    """None where the key stands in `client_cert`."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What a host gets when the service hears of it for the first time; from then on it is the operator's."""

    state: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HostResource:
    """`/v1/hosts/{name}` of one service. Both requests are safe to repeat."""

    client: httpx.Client
    name: str
    retries: int
    """How often a request that found the service busy or absent is made again."""

    def patch(self, document: Mapping[str, object]) -> httpx.Response:
        """Change the fields in `document` and no others."""
        return self._ask("PATCH", document, {"Content-Type": "application/merge-patch+json"})

    def create(self, document: Mapping[str, object]) -> httpx.Response:
        """Describe a host that the service must not know yet; 412 if it does."""
        return self._ask("PUT", document, {"If-None-Match": "*"})

    def _ask(self, method: str, document: Mapping[str, object], headers: Mapping[str, str]) -> httpx.Response:
        request = self.client.build_request(method, f"v1/hosts/{self.name}", json=document, headers=headers)
        for pause in _pauses(self.retries):
            try:
                return self._ask_once(request)
            except ServiceUnreachable as failure:
                if failure.retry_after > _LONGEST_PAUSE:
                    raise
                time.sleep(max(pause, failure.retry_after))
        return self._ask_once(request)

    def _ask_once(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self.client.send(request)
        except (httpx.RequestError, UnicodeError) as error:  # UnicodeError: no host can have such a name
            message = f"{request.url} cannot be reached: {str(error) or type(error).__name__}"
            raise ServiceUnreachable(message) from error
        if response.status_code in _BUSY:
            message = f"{request.url} is not available: {_in_words(response)}"
            raise ServiceUnreachable(message, _retry_after(response))
        return response


def open_client(server: str, credentials: Credentials) -> httpx.Client:
    """A client for `server`; raise Misconfigured if something named is unusable."""
    try:
        return httpx.Client(
            base_url=server,
            headers={"User-Agent": "roadstead-collect", **_authorization(credentials.token_file)},
            timeout=_TIMEOUT,
            verify=_trust(credentials),
        )
    except (OSError, httpx.InvalidURL) as error:  # ssl.SSLError is an OSError
        message = f"cannot prepare to send: {error}"
        raise Misconfigured(message) from error


def send(report: HostReport, host: HostResource, registration: Registration) -> str:
    """Report, and answer `updated` or `created`.

    A known host is patched, so that its labels and state stay the operator's.
    """
    response = host.patch(report.merge_patch())
    if response.status_code == HTTPStatus.NOT_FOUND:
        response = host.create({"state": registration.state, "labels": dict(registration.labels), **report.document()})
    if response.status_code == HTTPStatus.PRECONDITION_FAILED:
        # Somebody else created the host since it was not found.
        response = host.patch(report.merge_patch())
    if not response.is_success:
        message = f"the service does not take the report of {host.name}: {_in_words(response)}"
        raise ReportRefused(message)
    return "created" if response.status_code == HTTPStatus.CREATED else "updated"


def _authorization(token_file: Path | None) -> dict[str, str]:
    if token_file is None:
        return {}
    token = token_file.read_text("ascii", errors="replace").strip()
    if not _TOKEN.fullmatch(token):
        message = f"{token_file} does not hold a token"
        raise Misconfigured(message)
    return {"Authorization": f"Bearer {token}"}


def _trust(credentials: Credentials) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=credentials.ca)
    if credentials.client_cert is not None:
        context.load_cert_chain(credentials.client_cert, credentials.client_key)
    return context


def _pauses(count: int) -> Iterator[float]:
    """Seconds before each repetition: doubling, and random so that a fleet does not come back in step."""
    longest = _FIRST_PAUSE
    for _ in range(count):
        yield random.uniform(0, longest)  # noqa: S311 - guards no secret
        longest = min(2 * longest, _LONGEST_PAUSE)


def _retry_after(response: httpx.Response) -> float:
    """Seconds the service asks for, by number or by date (RFC 9110, section 10.2.3); 0 where it does not."""
    text = response.headers.get("Retry-After", "")
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds()


def _in_words(response: httpx.Response) -> str:
    """Status, then title, detail and errors of problem details (RFC 9457) where the answer has them."""
    problem = _problem(response)
    errors = problem.get("errors")
    said = [
        f"{response.status_code} {response.reason_phrase}",
        problem.get("title"),
        problem.get("detail"),
        *map(_error_in_words, errors if isinstance(errors, list) else []),
    ]
    return ". ".join(part.rstrip(".") for part in said if isinstance(part, str))


def _error_in_words(error: object) -> str | None:
    return f"{error.get('pointer')}: {error.get('detail')}" if isinstance(error, dict) else None


def _problem(response: httpx.Response) -> dict[str, object]:
    if not response.headers.get("Content-Type", "").startswith("application/problem+json"):
        return {}
    try:
        problem = response.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}
