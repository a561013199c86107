"""The context of the use cases, as handlers are given it, and who is asking."""

from typing import Annotated

from fastapi import Depends, Request

from app.services.context import Context


async def _context(request: Request) -> Context:
    context: Context = request.state.context
    return context


ContextDep = Annotated[Context, Depends(_context)]


async def _reporter(request: Request) -> str:
    return f"anonymous@{request.client.host}" if request.client else "anonymous"


Reporter = Annotated[str, Depends(_reporter)]
"""Who says so, for the history."""
