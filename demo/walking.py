"""The tour on paper, and the tour made."""

from typing import Final

import httpx

from demo.failure import DemoFailure
from demo.tour import ID, TOUR, Call, Chapter

_SHOWN: Final = 150
"""Characters of an answer that are shown."""


def print_tour(base_url: str) -> None:
    for chapter in TOUR:
        _print_title(chapter)
        for call in chapter.calls:
            print(call.with_curl(base_url))
        print("# or")
        for call in chapter.calls:
            print(call.with_command_line())


def walk(client: httpx.Client, base_url: str) -> None:
    """Make every call as it is printed. Raises DemoFailure at the first that is not answered as it must be."""
    id_ = ""
    for chapter in TOUR:
        _print_title(chapter)
        for call in chapter.calls:
            print(call.with_curl(base_url))
            response = client.request(call.method, call.path.replace(ID, id_), json=call.body)
            print(f"→ {response.status_code} {_shown(response)}", flush=True)
            _check(call, response)
            if call.remember_id:
                id_ = response.json()["id"]


def _print_title(chapter: Chapter) -> None:
    print()
    for line in chapter.title.splitlines():
        print(f"# {line}")


def _shown(response: httpx.Response) -> str:
    if response.is_error:
        problem = response.json()
        return f"{problem['code']}: {problem['detail']}"
    line = response.text.partition("\n")[0]
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]} …"


def _check(call: Call, response: httpx.Response) -> None:
    code = response.json()["code"] if response.is_error else None
    if (response.status_code, code) != (call.status, call.code):
        message = f"{call.method} {call.path} must answer {call.status} {call.code or ''}".rstrip()
        raise DemoFailure(message)
