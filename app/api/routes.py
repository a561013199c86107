"""Routes that ask a guard before anything else, and what they call.

FastAPI's dependencies come after the body has been read and parsed; a guard comes before.
"""

from collections.abc import Awaitable, Callable, Coroutine
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import override

from app.api.query_parameters import check_known, declared

Guard = Callable[[Request], Awaitable[None]]
"""Lets a request pass, or raises what it is refused with. Whom it found asking it names in `request.state.actor`."""


async def let_all_pass(_: Request) -> None:
    """The guard of a service that is open."""


_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class GuardedRoute(APIRoute):
    """Handles what the app's guard lets pass, with no query parameters but its own.

    Every route is one, but for those that are open to all by intent. These take any parameter: they have no filters,
    and probes, load balancers and links from elsewhere append their own.
    """

    @override
    def get_route_handler(self) -> _Handler:
        handle = self._handler()

        @cache
        def parameters(app: FastAPI) -> frozenset[str]:
            own = (declared(each) for each in iter_route_contexts(app.routes) if each.original_route is self)
            return frozenset().union(*own)

        async def guarded(request: Request) -> Response:
            guard: Guard = request.app.state.guard
            await guard(request)
            if request.scope["query_string"]:
                check_known(request, parameters(request.app))
            return await handle(request)

        return guarded

    def _handler(self) -> _Handler:
        return super().get_route_handler()


class HotRoute(GuardedRoute):
    """Calls its endpoint with the request and its parameters of path and query, read as those of any other route.

    The rest of what FastAPI does for a request takes longer than the hot reads do (docs/performance.md). Where somebody
    has declared dependencies (for the app, a router, an inclusion, or the route), they are solved as everywhere.
    """

    @override
    def _handler(self) -> _Handler:
        solve, endpoint = super()._handler(), self.endpoint

        @cache
        def has_dependencies(app: FastAPI) -> bool:
            return any(each.dependencies for each in iter_route_contexts(app.routes) if each.original_route is self)

        async def handle(request: Request) -> Response:
            if has_dependencies(request.app):
                return await solve(request)
            response: Response = await endpoint(request, **self._parameters(request))
            return response

        return handle

    def _parameters(self, request: Request) -> dict[str, Any]:
        values, faults = request_params_to_args(self.dependant.path_params, request.path_params)
        if asked := self.dependant.query_params:
            more, further = request_params_to_args(asked, request.query_params)
            values |= more
            faults += further
        if faults:
            raise RequestValidationError(faults)
        return values
