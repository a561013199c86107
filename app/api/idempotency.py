"""Use cases that a request asks for, carried out once where it says so: Idempotency-Key."""

import hashlib
from collections.abc import Callable
from typing import Annotated, Final, TypeVar

from fastapi import Depends, Header, Request
from fastapi.responses import Response

from app.api.context import ContextDep
from app.api.patterns import IDEMPOTENCY_KEY
from app.api.problems import refusal
from app.domain.errors import RoadsteadError
from app.services.context import Context
from app.services.idempotency import Answer, KeyedRequest, run_once
from app.services.use_cases import UseCase, run

T = TypeVar("T")


IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=IDEMPOTENCY_KEY,
        description="Send the same key with a repeated request: it is carried out once. Kept for 24 hours.",
    ),
]


_KEPT_HEADERS: Final = ("content-type", "etag", "location")


class Executor:
    """Carries out what one request asks for; once, however often it is sent, if it has an Idempotency-Key."""

    def __init__(self, request: Request, context: Context, key: str | None, fingerprint: Callable[[], bytes]) -> None:
        self._request = request
        self._context = context
        self._key = key
        self._fingerprint = fingerprint

    async def run(self, case: UseCase[T], render: Callable[[T], Response]) -> Response:
        if self._key is None:
            return render(await run(self._context, case))
        keyed = KeyedRequest(self._key, self._fingerprint, self._render_refusal)
        answer = await run_once(self._context, case.then(lambda outcome: _answer(render(outcome))), keyed)
        return Response(answer.body, answer.status, dict(answer.headers))

    def _render_refusal(self, error: RoadsteadError) -> Answer:
        return _answer(refusal(self._request, error, self._context.reference.names))


async def _executor(request: Request, context: ContextDep, idempotency_key: IdempotencyKey = None) -> Executor:
    digest = hashlib.sha256(request_line(request) + await request.body()).digest()
    return Executor(request, context, idempotency_key, lambda: digest)


ExecutorDep = Annotated[Executor, Depends(_executor)]


def request_line(request: Request) -> bytes:
    return f"{request.method} {request.url.path}?{request.url.query}\n".encode()


def _answer(response: Response) -> Answer:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return Answer(response.status_code, headers, bytes(response.body))
