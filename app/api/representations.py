"""What is rendered once and sent often: sealed lists, which never change, and what hosts report."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.api.etags import matches
from app.api.models.boots import ListOut
from app.api.models.common import ImplementationOut
from app.api.models.implementation_lists import ContentOut, Format
from app.cache import BoundedCache
from app.domain.cpu.cpu_names import CpuNames
from app.domain.cpu.identity import Identity
from app.domain.errors import HypercallsHidden
from app.domain.planning.implementation_list import ImplementationList
from app.domain.planning.plan import Mode
from app.domain.vms.vm import Boot

IMMUTABLE: Final = "public, max-age=31536000, immutable"


_REVALIDATE: Final = "no-cache"
"""What a VM's current list is may change; a client asks each time, and gets 304 while it does not."""


_KEPT_BYTES: Final = 64 * 2**20
"""Of answers that are kept. A list of 64 entries takes 10 KiB."""


_EACH: Final = 1024
"""Bytes that an answer takes beside its body."""


_MEDIA_TYPES: Final = {
    Format.JSON: "application/json",
    Format.QEMU: "text/plain; charset=utf-8",
    Format.BINARY: "application/octet-stream",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer ready to be sent, any number of times."""

    tag: str
    full: Response
    unchanged: Response

    def answer(self, request: Request) -> Response:
        held = request.headers.get("if-none-match")
        return self.full if held is None or not matches(held, self.tag) else self.unchanged


class Representations:
    """Renders, and keeps what it has rendered under the names it was asked for by."""

    def __init__(self, names: CpuNames) -> None:
        self._names = names
        self._kept: BoundedCache[Hashable, Rendered] = BoundedCache(_KEPT_BYTES, _size)
        self._identities: WeakKeyDictionary[Identity, orjson.Fragment] = WeakKeyDictionary()

    def kept(self, key: Hashable) -> Rendered | None:
        return self._kept.get(key)

    def keep(self, key: Hashable, rendered: Rendered) -> Rendered:
        return self._kept.keep(key, rendered)

    def implementations(self, identity: Identity) -> orjson.Fragment:
        """What a host reports, as JSON: hosts are many, identities are few. Kept for as long as a host has it."""
        if (rendered := self._identities.get(identity)) is None:
            named = [ImplementationOut.from_domain(each, self._names).model_dump_json() for each in identity.reported]
            rendered = self._identities[identity] = orjson.Fragment(f"[{','.join(named)}]")
        return rendered

    def of_content(self, implementations: ImplementationList, format_: Format) -> Rendered:
        """A list by its digest, which is its entity tag in every form."""
        if format_ is Format.JSON:
            body = ContentOut.from_domain(implementations, self._names).model_dump_json().encode()
        else:
            body = _raw(implementations, format_)
        return _rendered(body, format_, implementations.digest, IMMUTABLE)

    def of_boot(self, boot: Boot, format_: Format, tag: str) -> Rendered:
        """The list of a boot. Raises HypercallsHidden where QEMU must not be given one."""
        if format_ is Format.JSON:
            body = ListOut.from_boot(boot, self._names).model_dump_json().encode()
        elif format_ is Format.QEMU and boot.plan.mode is Mode.HOMOGENEOUS:
            raise HypercallsHidden(boot.vm)
        else:
            body = _raw(boot.plan.list, format_)
        return _rendered(body, format_, tag, _REVALIDATE)


def _size(rendered: Rendered) -> int:
    return len(rendered.full.body) + _EACH


def _raw(implementations: ImplementationList, format_: Format) -> bytes:
    return implementations.binary if format_ is Format.BINARY else implementations.qemu.encode()


def _rendered(body: bytes, format_: Format, tag: str, caching: str) -> Rendered:
    headers = {"ETag": f'"{tag}"', "Cache-Control": caching}
    return Rendered(
        tag, Response(body, 200, headers, _MEDIA_TYPES[format_]), Response(status_code=304, headers=headers)
    )
