"""First answers to requests with an Idempotency-Key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import UpdateBase, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.domain.errors import IdempotencyKeyReused
from app.storage.direct import Direct, Statement
from app.storage.tables import answers

_FORGOTTEN_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered, as it was sent and can be sent again."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def _claim(made: postgresql.Insert | sqlite.Insert) -> UpdateBase:
    row: dict[str, object] = {name: bindparam(name) for name in ("key", "fingerprint", "created_at")}
    blank = {**row, "status": None, "headers": None, "body": None}
    expired = answers.c.created_at < bindparam("forget_before")
    claimed = made.values(row).on_conflict_do_update(index_elements=["key"], set_=blank, where=expired)
    return claimed.returning(answers.c.key)


_CLAIM: Final = Statement(_claim(postgresql.insert(answers)), on_sqlite=_claim(sqlite.insert(answers)))
_OLD: Final = select(answers.c.key).where(answers.c.created_at < bindparam("before")).limit(_FORGOTTEN_AT_ONCE)
_FORGET: Final = Statement(delete(answers).where(answers.c.key.in_(_OLD.with_for_update(skip_locked=True))))
_FIND: Final = Statement(select(answers).where(answers.c.key == bindparam("wanted")))
_KEEP: Final = Statement(
    update(answers)
    .where(answers.c.key == bindparam("wanted"))
    .values({name: bindparam(f"answered_{name}") for name in ("status", "headers", "body")})
)


class Answers:
    def __init__(self, direct: Direct) -> None:
        self._direct = direct

    async def claim(self, key: str, fingerprint: bytes, now: datetime, forget_before: datetime) -> Answer | None:
        """Take the key for this request; the first answer if it was answered before.

        A request with the same key that is being worked on is waited for. Raises IdempotencyKeyReused if the key was
        used for another request.
        """
        await self._forget(forget_before)
        row = {"key": key, "fingerprint": fingerprint, "created_at": now}
        if await self._direct.row(_CLAIM, **row, forget_before=forget_before) is not None:
            return None
        return await self.find(key, fingerprint)

    async def _forget(self, before: datetime) -> None:
        """Delete some answers that are too old; whoever is at it already is not waited for."""
        await self._direct.rows(_FORGET, before=before)

    async def find(self, key: str, fingerprint: bytes) -> Answer | None:
        """The answer that was kept under a key. Raises IdempotencyKeyReused."""
        row = await self._direct.row(_FIND, wanted=key)
        if row is None:
            return None
        if row.fingerprint != fingerprint:
            raise IdempotencyKeyReused
        return Answer(row.status, row.headers, row.body)

    async def keep(self, key: str, answer: Answer) -> None:
        values = {"answered_status": answer.status, "answered_body": answer.body}
        await self._direct.rows(_KEEP, wanted=key, answered_headers=dict(answer.headers), **values)
