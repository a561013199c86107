"""Requests that no route takes: what the framework says of them, with the path and its methods."""

from http import HTTPStatus
from http.client import responses
from typing import Final

from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Mount

from app.sentences import shown

_OF_FILES: Final = frozenset({"GET", "HEAD"})
"""What a mounted directory takes."""


def in_full(request: Request, error: HTTPException) -> HTTPException:
    """The same, with more to it where it is no more than its status; what a guard or a handler says stands."""
    if error.detail != responses.get(error.status_code):
        return error
    path = shown(request.scope["path"])
    if error.status_code == HTTPStatus.NOT_FOUND:
        return HTTPException(error.status_code, f"there is nothing at {path}; /docs has the paths")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        # The framework names those of one route, but a path may have several.
        allowed = ", ".join(sorted(_methods(request)))
        detail = f"{path} takes {allowed}, not {shown(request.method)[1:-1]}"
        return HTTPException(error.status_code, detail, {"Allow": allowed})
    return error


def _methods(request: Request) -> set[str]:
    scope = request.scope
    path = scope["path"].removeprefix(scope.get("app_root_path", scope.get("root_path", "")))
    found: set[str] = set()
    for each in iter_route_contexts(request.app.routes):
        if each.path_regex.match(path):
            found |= _OF_FILES if isinstance(each.route, Mount) else each.methods or set()
    return found
