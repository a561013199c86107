"""Pages for people about the codes of problems and reasons."""

import re
from collections.abc import Mapping
from html import escape
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse

from app.api.problem_types import PROBLEM_TYPES, ProblemType
from app.api.problems import problem
from app.api.reason_types import REASON_TYPES, ReasonType

router: Final = APIRouter(include_in_schema=False)
"""For everybody, whatever the guard says: these help to find out why one is refused."""

_CODE: Final = re.compile(r"`([^`]+)`")
_GUIDE: Final = "../docs/guide/my-vm-cannot-move.html"


@router.get("/problems")
async def list_problems() -> HTMLResponse:
    return _index("Problems", "problems", PROBLEM_TYPES)


@router.get("/problems/{code}")
async def explain_problem(request: Request, code: Annotated[str, Path(max_length=100)]) -> Response:
    kind = PROBLEM_TYPES.get(code)
    if kind is None:
        return problem(request, "not_found", f"there is no problem {code!r}; /problems lists them")
    facts = f"<code>{kind.code}</code>, status {int(kind.status)}"
    return _page(kind, "What happened", facts, '<a href="../problems">All problems</a>')


@router.get("/reasons")
async def list_reasons() -> HTMLResponse:
    return _index("Reasons", "reasons", REASON_TYPES)


@router.get("/reasons/{code}")
async def explain_reason(request: Request, code: Annotated[str, Path(max_length=100)]) -> Response:
    kind = REASON_TYPES.get(code)
    if kind is None:
        return problem(request, "not_found", f"there is no reason {code!r}; /reasons lists them")
    facts = f"<code>{kind.code}</code>, {_LASTING if kind.lasting else _PASSING}"
    more = f'<a href="{_GUIDE}#{kind.code}">More in the guide</a> · <a href="../reasons">All reasons</a>'
    return _page(kind, "What it means", facts, more)


_LASTING: Final = "lasting: waiting does not help, only a new boot or other hardware does"
_PASSING: Final = "not lasting: it can end while the VM runs"


def _index(title: str, path: str, kinds: Mapping[str, ProblemType | ReasonType]) -> HTMLResponse:
    items = "".join(
        f'<li><a href="{path}/{code}">{code}</a>: {escape(kind.title)}</li>' for code, kind in sorted(kinds.items())
    )
    return _html(title, f"<h1>{title}</h1><ul>{items}</ul>")


def _page(kind: ProblemType | ReasonType, meaning: str, facts: str, more: str) -> HTMLResponse:
    return _html(
        kind.title,
        f"<h1>{escape(kind.title)}</h1><p>{facts}</p>"
        f"<h2>{meaning}</h2><p>{_prose(kind.meaning)}</p><h2>How to mend it</h2><p>{_prose(kind.remedy)}</p>"
        f'<p>{more} · <a href="../docs">API</a></p>',
    )


def _prose(text: str) -> str:
    """What stands between backticks is code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _html(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)} – Roadstead</title>'
        "<style>body{font:16px/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}"
        f"code{{background:#eee;padding:.1em .3em}}</style>{body}</html>"
    )
