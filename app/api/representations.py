"""What is rendered once and sent often: sealed lists, which never change, and what hosts report."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.api.etags import matches
from app.api.models.boots import ListOut
from app.api.models.common import ImplementationOut
from app.api.models.implementation_lists import ContentOut, Format, entries_json, left_out_json
from app.domain.cpu.cpu_names import CpuNames
from app.domain.cpu.identity import Identity
from app.domain.errors import HypercallsHidden
from app.domain.planning.implementation_list import ImplementationList
from app.domain.planning.plan import Mode
from app.domain.vms.vm import Boot

IMMUTABLE: Final = "public, max-age=31536000, immutable"


_REVALIDATE: Final = "no-cache"
"""What a VM's current list is may change; a client asks each time, and gets 304 while it does not."""


_KEPT: Final = 10_000
"""Identities whose rendering is kept."""


_KEPT_BYTES: Final = 64 * 2**20
"""Of answers that are kept. A list of 64 entries takes 10 KiB."""


_KEPT_PARTS_BYTES: Final = 16 * 2**20
"""Of parts of answers that are kept: what the lists of many boots have alike."""


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
        self._kept: dict[Hashable, Rendered] = {}
        self._kept_bytes = 0
        self._identities: dict[Identity, orjson.Fragment] = {}
        self._parts: dict[Hashable, bytes] = {}
        self._parts_bytes = 0

    def kept(self, key: Hashable) -> Rendered | None:
        return self._kept.get(key)

    def keep(self, key: Hashable, rendered: Rendered) -> Rendered:
        if key not in self._kept:
            self._kept[key] = rendered
            self._kept_bytes += _size(rendered)
        while self._kept_bytes > _KEPT_BYTES:
            self._kept_bytes -= _size(self._kept.pop(next(iter(self._kept))))
        return rendered

    def implementations(self, identity: Identity) -> orjson.Fragment:
        """What a host reports, as JSON: hosts are many, identities are few."""
        if (rendered := self._identities.get(identity)) is None:
            if len(self._identities) >= _KEPT:
                self._identities.clear()
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
            body = self.list_of(boot)
        elif format_ is Format.QEMU and boot.plan.mode is Mode.HOMOGENEOUS:
            raise HypercallsHidden(boot.vm)
        else:
            body = _raw(boot.plan.list, format_)
        return _rendered(body, format_, tag, _REVALIDATE)

    def list_of(self, boot: Boot) -> bytes:
        """The list of a boot as `ListOut` describes it; its long parts, which many boots have alike, rendered once."""
        plan = boot.plan
        short = replace(plan, list=ImplementationList((plan.list.vcpu_identity,)), left_out=())
        document = ListOut.from_boot(replace(boot, plan=short), self._names).model_dump(mode="json")
        long = {
            "count": len(plan.list),
            "implementations": self._part(plan.list.digest, lambda: entries_json(plan.list, self._names)),
            "digest": plan.list.digest,
            "left_out": self._part(plan.left_out, lambda: left_out_json(plan.left_out, self._names)),
        }
        return orjson.dumps({**document, **long})

    def _part(self, key: Hashable, render: Callable[[], bytes]) -> orjson.Fragment:
        if (rendered := self._parts.get(key)) is None:
            rendered = self._parts[key] = render()
            self._parts_bytes += len(rendered) + _EACH
        while self._parts_bytes > _KEPT_PARTS_BYTES:
            self._parts_bytes -= len(self._parts.pop(next(iter(self._parts)))) + _EACH
        return orjson.Fragment(rendered)


def _size(rendered: Rendered) -> int:
    return len(rendered.full.body) + _EACH


def _raw(implementations: ImplementationList, format_: Format) -> bytes:
    return implementations.binary if format_ is Format.BINARY else implementations.qemu.encode()


def _rendered(body: bytes, format_: Format, tag: str, caching: str) -> Rendered:
    headers = {"ETag": f'"{tag}"', "Cache-Control": caching}
    return Rendered(
        tag, Response(body, 200, headers, _MEDIA_TYPES[format_]), Response(status_code=304, headers=headers)
    )
