"""The course of one call, over as many tries as it takes. Decides; sends nothing, and waits for nobody.

Whoever does the sending asks for the `request`, and tells what became of it: `received` or `lost`. Either says what
comes next: an `Answer`, a `Pause` before the same request again, or an exception.
"""

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, Generic, NamedTuple, TypeVar

from roadstead.client.calls import NOT_MODIFIED, Answer, Call, Received, Unreadable
from roadstead.client.problems import FIRST_ERROR, ClientError, Problem, Unreachable, strange

T = TypeVar("T")

_BUSY: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Answers that say nothing about the call, and may be different in a moment."""


class Retry(NamedTuple):
    """A call that is about to be sent again."""

    call: Call[Any]
    attempt: int
    """The number of the try that follows: 2 for the first repetition."""
    wait: float
    """Seconds until then."""
    cause: ClientError
    """How the try before ended."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a call is tried again, and how long to wait before. All calls of this API may be repeated.

    A conditional write whose answer was lost can find its own work when it comes again: 412 then means that
    somebody, perhaps this very call, has made the change.
    """

    count: int = 4
    first_pause: float = 0.5
    longest_pause: float = 30.0
    """Seconds. A service that asks for more (Retry-After) is not waited for."""
    told: Callable[[Retry], None] | None = None
    """Called before each wait, as for a log. What it raises ends the call."""

    def pauses(self) -> Iterator[float]:
        """Each twice as long as the one before at most, and random, so that many clients do not come back in step."""
        for repetition in range(self.count):
            yield random.uniform(0, min(self.first_pause * 2**repetition, self.longest_pause))  # noqa: S311 - guards no secret


class Pause(NamedTuple):
    seconds: float


class Exchange(Generic[T]):
    def __init__(self, call: Call[T], retries: Retries) -> None:
        named = "Idempotency-Key" in call.headers or not call.changes_state
        self.request: Final = call if named else call.with_key(str(uuid.uuid4()))
        self._retries = retries
        self._pauses = enumerate(retries.pauses() if call.repeatable else (), start=2)

    def received(self, received: Received) -> Answer[T] | Pause:
        """Raises Problem, and Unreachable where the answer is none of this API."""
        if received.status >= FIRST_ERROR and received.status != NOT_MODIFIED:
            return self._refused(Problem.of(received) or self._of_somebody_else(strange(received)), received)
        try:
            value = self.request.read(received)
        except Unreadable as error:
            raise self._of_somebody_else(str(error)) from error
        created = received.status == HTTPStatus.CREATED
        return Answer(value, created, received.headers.get("etag"), received.headers.get("x-request-id"))

    def lost(self, why: Exception) -> Pause:
        """There was no answer. Raises Unreachable if that was the last try."""
        unreachable = Unreachable(f"the service cannot be reached: {str(why) or type(why).__name__}")
        unreachable.__cause__ = why
        return self._pause(unreachable)

    def _of_somebody_else(self, answer: str) -> Unreachable:
        """A login page of a proxy, a web server at a wrong address: whatever it says, the service was not asked."""
        return Unreachable(
            f"what answers to {self.request.method} {self.request.path} is no Roadstead service: {answer}"
        )

    def _refused(self, why: ClientError, received: Received) -> Pause:
        if received.status not in _BUSY:
            raise why
        return self._pause(why, _retry_after(received))

    def _pause(self, cause: ClientError, asked: float = 0.0) -> Pause:
        """Raises the cause if it was that of the last try."""
        attempt, pause = next(self._pauses, (0, None))
        if pause is None or asked > self._retries.longest_pause:
            raise cause
        wait = max(pause, asked)
        if self._retries.told:
            self._retries.told(Retry(self.request, attempt, wait, cause))
        return Pause(wait)


def _retry_after(received: Received) -> float:
    """Seconds the service asks for, by number or by date (RFC 9110, section 10.2.3); 0 where it does not."""
    text = received.headers.get("retry-after", "")
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds()
