"""Which bodies are taken."""

from typing import Final

from fastapi import Request

from app.domain.errors import UnsupportedContent

_JSON: Final = "application/json"


async def json_body(request: Request) -> None:
    """Refuse a body that is not said to be JSON. Raises UnsupportedContent."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = media_type == _JSON or (media_type.startswith("application/") and media_type.endswith("+json"))
    if not is_json and await request.body():
        raise UnsupportedContent(_JSON)
