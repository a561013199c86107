"""How PostgreSQL is reached: from one reading of the URL, so that all connections go to the same server.

The URL is read by the driver, as libpq would read it; SQLAlchemy reads several hosts in another way.
"""

from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

_CONNECT_SECONDS: Final = 60.0


def connection_options(written: str) -> dict[str, Any]:
    """What asyncpg connects with, from a URL as people write it for libpq or for SQLAlchemy."""
    url = urlsplit(written)
    asked = {name: _one(name, values) for name, values in parse_qs(url.query, keep_blank_values=True).items()}
    if "ssl" in asked:
        asked["sslmode"] = asked.pop("ssl")
    timeout = float(asked.pop("connect_timeout", _CONNECT_SECONDS))
    # A standby would answer reads with what was true a while ago.
    query = urlencode({"target_session_attrs": "primary", **asked})
    return {"dsn": f"postgresql://{url.netloc}{url.path}?{query}", "timeout": timeout or None}


def _one(name: str, values: list[str]) -> str:
    """Several hosts may be written as several parameters; of any other, the last one counts."""
    return ",".join(values) if name in ("host", "port") else values[-1]
