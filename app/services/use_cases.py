"""Use cases as values: what is to be done in one transaction, apart from who carries it out and how."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, Generic, ParamSpec, TypeVar

from app.services.context import Context
from app.storage.database import Database, Transaction

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UseCase(Generic[T]):
    """What is done in one transaction, all or nothing. Nothing happens before it is carried out.

    `run` carries it out; `app.services.idempotency.run_once` does so once, however often it is asked to.
    """

    work: Callable[[Transaction], Awaitable[T]]
    begin: Callable[[Database], AbstractAsyncContextManager[Transaction]] = Database.writing
    """Opens the transaction. What takes long and keeps nobody waiting can be done there, before the work."""

    def then(self, make: Callable[[T], R]) -> "UseCase[R]":
        """The same, with something made of its outcome while the transaction is open."""

        async def work(tx: Transaction) -> R:
            return make(await self.work(tx))

        return UseCase(work, self.begin)

    @classmethod
    def giving(cls, outcome: T) -> "UseCase[T]":
        """Nothing to be done, and its outcome."""

        async def work(_: Transaction) -> T:
            return outcome

        return cls(work)


def use_case(work: Callable[Concatenate[Transaction, P], Awaitable[T]]) -> Callable[P, UseCase[T]]:
    """Called without a transaction, the work is a value; the transaction comes when it is carried out."""

    @wraps(work)
    def bound(*args: P.args, **kwargs: P.kwargs) -> UseCase[T]:
        return UseCase(lambda tx: work(tx, *args, **kwargs))

    return bound


async def run(context: Context, case: UseCase[T]) -> T:
    """Carry a use case out. Raises what it refuses."""
    async with case.begin(context.database) as tx:
        return await case.work(tx)
