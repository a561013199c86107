"""Routes whose handlers are called without dependency injection.

FastAPI's solving and validating of parameters takes longer than the hot reads do (docs/performance.md). These
routes are documented like any other; their handlers get the request and the path as it was matched.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import override


class DirectRoute(APIRoute):
    """Calls its endpoint with the request and with the path parameters as text."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            response: Response = await endpoint(request, **request.path_params)
            return response

        return handle
