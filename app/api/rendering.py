"""Long answers, made in a thread: a thousand items take longer to render than others should wait."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec

from starlette.responses import Response

from app.api.models.common import Out

P = ParamSpec("P")


async def rendered(make: Callable[P, Out], *args: P.args, **kwargs: P.kwargs) -> Response:
    """The document that the function makes."""
    body = await asyncio.to_thread(lambda: make(*args, **kwargs).model_dump_json())
    return Response(body, media_type="application/json")
