"""Conditional requests: If-Match and If-None-Match."""

from typing import Annotated

from fastapi import Depends, Header

from app.domain.preconditions import Precondition

IfMatch = Annotated[str | None, Header(description="Only if the resource still has one of these entity tags.")]


CreateOnly = Annotated[str | None, Header(alias="If-None-Match", description="`*`: only create.")]


IfNoneMatch = Annotated[str | None, Header(include_in_schema=False)]
"""Honoured where nothing can be created, too; nobody needs it there."""


def tags(header: str) -> frozenset[str]:
    """The entity tags of a condition. Weak ones never match a strong comparison, and are kept as they are."""
    return frozenset(tag.strip().removeprefix('"').removesuffix('"') for tag in header.split(","))


async def _precondition(if_match: IfMatch = None, if_none_match: IfNoneMatch = None) -> Precondition:
    return _asked(if_match, if_none_match)


async def _put_precondition(if_match: IfMatch = None, create_only: CreateOnly = None) -> Precondition:
    return _asked(if_match, create_only)


def _asked(if_match: str | None, if_none_match: str | None) -> Precondition:
    any_match = if_match is not None and if_match.strip() == "*"
    return Precondition(
        None if if_match is None or any_match else tags(if_match),
        any_match,
        if_none_match is not None and if_none_match.strip() == "*",
    )


Conditions = Annotated[Precondition, Depends(_precondition)]


PutConditions = Annotated[Precondition, Depends(_put_precondition)]
