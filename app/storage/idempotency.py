"""First answers to requests with an Idempotency-Key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.errors import IdempotencyKeyReused
from app.storage.tables import answers
from app.storage.upsert import insert

_FORGOTTEN_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered, as it was sent and can be sent again."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Answers:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def claim(self, key: str, fingerprint: bytes, now: datetime, forget_before: datetime) -> Answer | None:
        """Take the key for this request; the first answer if it was answered before.

        A request with the same key that is being worked on is waited for. Raises IdempotencyKeyReused if the key was
        used for another request.
        """
        await self._forget(forget_before)
        row = {"key": key, "fingerprint": fingerprint, "created_at": now}
        blank = {**row, "status": None, "headers": None, "body": None}
        statement = (
            insert(self._connection, answers)
            .values(row)
            .on_conflict_do_update(index_elements=["key"], set_=blank, where=answers.c.created_at < forget_before)
            .returning(answers.c.key)
        )
        if (await self._connection.execute(statement)).scalar_one_or_none() is not None:
            return None
        return await self.find(key, fingerprint)

    async def _forget(self, before: datetime) -> None:
        """Delete some answers that are too old; whoever is at it already is not waited for."""
        old = select(answers.c.key).where(answers.c.created_at < before).limit(_FORGOTTEN_AT_ONCE)
        await self._connection.execute(delete(answers).where(answers.c.key.in_(old.with_for_update(skip_locked=True))))

    async def find(self, key: str, fingerprint: bytes) -> Answer | None:
        """The answer that was kept under a key. Raises IdempotencyKeyReused."""
        row = (await self._connection.execute(select(answers).where(answers.c.key == key))).one_or_none()
        if row is None:
            return None
        if row.fingerprint != fingerprint:
            raise IdempotencyKeyReused
        return Answer(row.status, row.headers, row.body)

    async def keep(self, key: str, answer: Answer) -> None:
        values = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
        await self._connection.execute(update(answers).where(answers.c.key == key).values(**values))
