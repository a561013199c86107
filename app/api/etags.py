"""Entity tags of answers."""

import hashlib

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.api.models.implementation_lists import Format
from app.domain.vms.vm import Boot


def tagged(
    request: Request, out: BaseModel, tag: str | None = None, *, status: int = 200, location: str | None = None
) -> Response:
    """A single resource with its entity tag, by default the digest of the answer; 304 where the client has it."""
    return tagged_body(request, out.model_dump_json().encode(), tag, status=status, location=location)


def tagged_body(
    request: Request, body: bytes, tag: str | None = None, *, status: int = 200, location: str | None = None
) -> Response:
    """The same for what is rendered already."""
    tag = tag or hashlib.sha256(body).hexdigest()
    headers = {"ETag": f'"{tag}"'}
    held = request.headers.get("if-none-match")
    if request.method == "GET" and held is not None and matches(held, tag):
        return Response(status_code=304, headers=headers)
    if location is not None:
        headers["Location"] = location
    return Response(body, status, headers, "application/json")


def matches(if_none_match: str, tag: str) -> bool:
    """Whether an If-None-Match matches this entity tag."""
    # If-None-Match compares weakly (RFC 9110, 13.1.2).
    return any(each.strip().removeprefix("W/").strip('"') in (tag, "*") for each in if_none_match.split(","))


def sealed_tag(boot: Boot, format_: Format) -> str:
    """The entity tag of a boot's list: tells lists, boots and forms apart, and VMs of one name by their time."""
    return f"{boot.plan.list.digest}-{boot.number}-{boot.sealed_at.timestamp():.6f}-{format_}"
