"""What the planner refuses, with its reasons."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.cpu.implementation import Implementation
from app.domain.errors import Conflict
from app.domain.planning.reasons import Reason


class Refused(Conflict):
    """A refusal with all its reasons."""

    def __init__(self, message: str, reasons: Sequence[Reason]) -> None:
        super().__init__(f"{message}: {'; '.join(reason.detail for reason in reasons)}")
        self.reasons = tuple(reasons)


class BootRefused(Refused):
    code = "boot_refused"

    def __init__(self, host: str, reasons: Sequence[Reason]) -> None:
        super().__init__(f"the VM cannot boot on {host}", reasons)


class NotATarget(Refused):
    code = "not_a_target"

    def __init__(self, host: str, reasons: Sequence[Reason]) -> None:
        super().__init__(f"the VM cannot move to {host}", reasons)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An implementation that competes for a place on a list, with the number of hosts that have it."""

    implementation: Implementation
    hosts: int


class TooManyImplementations(Conflict):
    """`candidates` are those that could be left out, rarest first: all but the boot host's own."""

    code = "too_many_implementations"

    def __init__(self, count: int, limit: int, candidates: Sequence[Candidate]) -> None:
        super().__init__(
            f"the list would have {count} implementations and the placement allows {limit}: narrow the placement"
            f" so that {count - limit} are left out, or raise max_implementations"
        )
        self.count = count
        self.limit = limit
        self.candidates = tuple(candidates)
