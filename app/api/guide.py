"""The documentation's site, as the release carries it: /docs/guide works with no internet."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import Scope
from typing_extensions import override

router: Final = APIRouter(include_in_schema=False)
"""For everybody, whatever the guard says, like the other pages."""

SHIPPED: Final = Path(__file__).parents[1] / "guide"
"""Where `make docs` writes the site. Wheels have it; a source checkout has it once it was made."""

_ABSENT: Final = "the guide is not in this installation; `make docs` makes it, and its pages are in docs/ of the source"


class Guide(StaticFiles):
    """The files of the site. Browsers ask each time whether a page has changed: a new release has other pages."""

    def __init__(self, directory: Path = SHIPPED) -> None:
        super().__init__(directory=directory, html=True, check_dir=False)
        self._site = directory

    @override
    async def get_response(self, path: str, scope: Scope) -> Response:
        if not (self._site / "index.html").is_file():
            raise HTTPException(404, _ABSENT)
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = "no-cache"
        return answer


@router.get("/docs/guide")
async def enter_guide() -> Response:
    """The pages name each other relative to the directory, so its path must end as one."""
    return RedirectResponse("guide/")


@router.api_route("/docs/guide/{path:path}", methods=["GET", "HEAD"])
async def read_guide(request: Request, path: str) -> Response:
    guide: Guide = request.app.state.guide
    return await guide.get_response(path or ".", request.scope)
