"""Conditional requests: If-Match and If-None-Match on writes (RFC 9110, section 13)."""

from dataclasses import dataclass

from app.domain.errors import AlreadyExists, StaleRevision


@dataclass(frozen=True, slots=True)
class Precondition:
    if_match: frozenset[str] | None = None
    """Acceptable tags; None where the request has no If-Match."""
    match_any: bool = False
    """`If-Match: *`: the resource must exist."""
    create_only: bool = False
    """`If-None-Match: *`: the resource must not exist."""

    def check(self, name: str, tag: str | None) -> None:
        """Raise AlreadyExists or StaleRevision unless the resource satisfies it.

        `tag` changes with everything a reader can see of the resource; None where there is none.
        """
        if self.create_only and tag is not None:
            raise AlreadyExists(name)
        if self.match_any and tag is None:
            raise StaleRevision(name)
        if self.if_match is not None and tag not in self.if_match:
            raise StaleRevision(name)


UNCONDITIONAL = Precondition()
