"""Where the service is, and by what it and the client know each other."""

import ssl
from dataclasses import KW_ONLY, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import httpx

from roadstead.client.exchange import Retries

_CONNECT_SECONDS: Final = 5.0


class Misconfigured(ValueError):
    """A setting names something that cannot be used."""


@dataclass(frozen=True, slots=True)
class Server:
    """A service and how to talk to it."""

    url: str = "http://127.0.0.1:8000"
    """May have a path, if the service stands behind one."""
    _: KW_ONLY
    token: str | None = None
    """Bearer token. It is sent in clear to an `http` address."""
    token_file: Path | None = None
    """Holds the token alone, instead; read when a client is made."""
    ca: Path | None = None
    """Certificates to trust instead of the system's."""
    client_cert: Path | None = None
    client_key: Path | None = None
    """None where the key stands in `client_cert`."""
    timeout: float = 30.0
    """Seconds to wait for an answer."""
    retries: Retries = field(default_factory=Retries)

    def options(self) -> dict[str, Any]:
        """What httpx's clients are made with. Raises Misconfigured."""
        url = self._address()
        return {
            "base_url": url,
            "headers": {"User-Agent": _user_agent(), **self._authorization()},
            "timeout": timeout(self.timeout),
            "verify": self._trust(url.scheme),
        }

    def _address(self) -> httpx.URL:
        try:
            url = httpx.URL(self.url)
        except httpx.InvalidURL:
            url = httpx.URL()
        if url.scheme not in {"http", "https"} or not url.host:
            message = f"{self.url!r} is no http or https URL"
            raise Misconfigured(message)
        return url

    def _authorization(self) -> dict[str, str]:
        token = self.token if self.token_file is None else _token_in(self.token_file)
        if token is None:
            return {}
        if not token.isascii() or not token.isprintable() or not token or " " in token:
            message = "a token is made of visible ASCII characters"
            raise Misconfigured(message)
        return {"Authorization": f"Bearer {token}"}

    def _trust(self, scheme: str) -> ssl.SSLContext:
        if scheme == "http":
            # Never used, and trusts nobody: loading the system's certificates takes longer than a call.
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context = ssl.create_default_context(cafile=self.ca)
            if self.client_cert is not None:
                context.load_cert_chain(self.client_cert, self.client_key)
        except OSError as error:  # ssl.SSLError is one
            message = f"the certificates cannot be used: {error}"
            raise Misconfigured(message) from error
        return context


def _user_agent() -> str:
    try:
        return f"roadstead-client/{version('roadstead')}"
    except PackageNotFoundError:  # a directory that was copied to a host
        return "roadstead-client"


def _token_in(file: Path) -> str:
    try:
        return file.read_text("ascii", errors="replace").strip()
    except OSError as error:
        message = f"the token cannot be read: {error}"
        raise Misconfigured(message) from error


def timeout(seconds: float) -> httpx.Timeout:
    """That long for an answer; a service that is there takes connections at once."""
    return httpx.Timeout(seconds, connect=_CONNECT_SECONDS)
