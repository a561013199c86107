"""What every case is given, and how the variants of a case take turns."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from bench import postgresql, service
from bench.service import Server

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lab:
    postgresql: str
    """URL of the server."""
    rounds: int
    quick: bool

    @property
    def seconds(self) -> float:
        """How long one load lasts. Short, so that the floor's turn comes while the machine is as busy as it was."""
        return 0.5 if self.quick else 1.5

    def fleet(self, hosts: int) -> int:
        """How many hosts stand for that many: a tenth where it is only to be seen that everything works."""
        return hosts // 10 if self.quick else hosts

    def loads(self, variants: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
        """The turns of what lasts `seconds`: three a round."""
        return self.turns(variants, self.rounds if self.quick else 3 * self.rounds)

    def turns(self, variants: Mapping[str, Callable[[], T]], rounds: int | None = None) -> dict[str, list[T]]:
        """Each variant once a round, one after the other, so that a busy machine is busy for all."""
        found: dict[str, list[T]] = {name: [] for name in variants}
        rounds = rounds or self.rounds
        for number in range(rounds):
            for name, variant in variants.items():
                print(f"  round {number + 1} of {rounds}: {name}", file=sys.stderr)
                found[name].append(variant())
        return found

    @contextmanager
    def loaded(self, hosts: int) -> Iterator[Server]:
        """The service on a fleet of its own, with the VM booted."""
        with postgresql.database(self.postgresql) as url, service.roadstead(url) as server:
            with server.client() as client:
                service.load_fleet(client, hosts)
            postgresql.execute(url, "VACUUM ANALYZE")
            yield server


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
