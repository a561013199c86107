"""Requests that are carried out once, however often they are sent (Idempotency-Key)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic, TypeVar

from app.domain.answer import Answer
from app.domain.errors import DatabaseUnavailable, IdempotencyKeyReused, RoadsteadError
from app.services.context import Context
from app.storage.database import Transaction

T = TypeVar("T")

KEPT: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Attempt(Generic[T]):
    """One sending of a request: how to know it again, and how its outcome is written down."""

    key: str | None
    """The Idempotency-Key; None where the client does not mind repetition."""
    fingerprint: bytes
    """Digest of all that makes the request what it is."""
    render: Callable[[T], Answer]
    render_refusal: Callable[[RoadsteadError], Answer]


async def once(context: Context, attempt: Attempt[T], work: Callable[[Transaction], Awaitable[T]]) -> Answer:
    """Do the work in one transaction, and keep its answer in the same one; or give the answer that was kept.

    A refusal is an answer too, and is repeated like any other. Raises it where there is no key to keep it under.
    """
    if attempt.key is None:
        async with context.database.writing() as tx:
            return attempt.render(await work(tx))
    try:
        return await _claimed(context, attempt, attempt.key, work)
    except (IdempotencyKeyReused, DatabaseUnavailable):
        raise  # these do not answer what was asked
    except RoadsteadError as refusal:
        return await keep_refusal(context, attempt, refusal)


async def _claimed(
    context: Context, attempt: Attempt[T], key: str, work: Callable[[Transaction], Awaitable[T]]
) -> Answer:
    now = context.now()
    async with context.database.writing() as tx:
        earlier = await tx.answers.claim(key, attempt.fingerprint, now, now - KEPT)
        if earlier is not None:
            return earlier
        answer = attempt.render(await work(tx))
        await tx.answers.keep(key, answer)
        return answer


async def keep_refusal(context: Context, attempt: Attempt[T], refusal: RoadsteadError) -> Answer:
    """Keep the answer of a refusal, whose own transaction is undone. Raises it where there is no key."""
    if attempt.key is None:
        raise refusal
    now = context.now()
    answer = attempt.render_refusal(refusal)
    async with context.database.writing() as tx:
        earlier = await tx.answers.claim(attempt.key, attempt.fingerprint, now, now - KEPT)
        if earlier is not None:
            return earlier
        await tx.answers.keep(attempt.key, answer)
    return answer
