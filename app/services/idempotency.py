"""Use cases that are carried out once, however often they are asked for (Idempotency-Key)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.domain.errors import NotJudged, RoadsteadError
from app.services.context import Context
from app.services.use_cases import UseCase
from app.storage.idempotency import Answer

__all__ = ["Answer", "KeyedRequest", "run_once"]

_KEPT: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """One sending of a request that has a key."""

    key: str
    fingerprint: Callable[[], bytes]
    """Digest of all that makes the request what it is. Asked for once the use case has begun."""
    render_refusal: Callable[[RoadsteadError], Answer]


async def run_once(context: Context, case: UseCase[Answer], request: KeyedRequest) -> Answer:
    """Carry a use case out and keep its answer, in one transaction; or give the answer that was kept.

    A refusal is an answer too, and is repeated like any other. Raises NotJudged, and then the key stays free.
    """
    try:
        return await _first_answer(context, case, request)
    except NotJudged:
        raise
    except RoadsteadError as refusal:
        # Its own transaction is undone.
        return await _first_answer(context, UseCase.giving(request.render_refusal(refusal)), request)


async def _first_answer(context: Context, case: UseCase[Answer], request: KeyedRequest) -> Answer:
    """What was answered first under the request's key: earlier, or now."""
    async with case.begin(context.database) as tx:
        now = context.now()
        if earlier := await tx.answers.claim(request.key, request.fingerprint(), now, now - _KEPT):
            return earlier
        answer = await case.work(tx)
        await tx.answers.keep(request.key, answer)
        return answer
