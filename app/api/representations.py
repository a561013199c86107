"""What is rendered once and sent often: sealed lists, which never change, and what hosts report."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple
from weakref import ReferenceType, WeakKeyDictionary, ref

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.api.etags import matches
from app.api.models.boots import ListOut, SealedOut
from app.api.models.common import ImplementationOut
from app.api.models.implementation_lists import ContentOut, Format, entries_json, left_out_json
from app.domain.cpu.cpu_names import CpuNames
from app.domain.cpu.identity import Identity
from app.domain.errors import HypercallsHidden
from app.domain.fleet.fleet import FleetHost
from app.domain.planning.implementation_list import ImplementationList
from app.domain.planning.plan import Mode, Plan
from app.domain.vms.advice import SealedBoot
from app.domain.vms.vm import Boot
from app.kept import Kept

IMMUTABLE: Final = "public, max-age=31536000, immutable"


_REVALIDATE: Final = "no-cache"
"""What a VM's current list is may change; a client asks each time, and gets 304 while it does not."""


_KEPT_BYTES: Final = 64 * 2**20
"""Of answers that are kept. A list of 64 entries takes 10 KiB."""


_KEPT_PARTS_BYTES: Final = 16 * 2**20
"""Of parts of answers that are kept: what the lists of many boots have alike."""


_EACH: Final = 1024
"""Bytes that an answer takes beside its body."""


_TARGET_BYTES: Final = 32 * 2**20
"""Of hosts as they stand in answers about targets: 100,000, if they are plain."""


_EACH_TARGET: Final = 200
"""Bytes that a host takes beside its text."""


_MEDIA_TYPES: Final = {
    Format.JSON: "application/json",
    Format.QEMU: "text/plain; charset=utf-8",
    Format.BINARY: "application/octet-stream",
}


REPRESENTATIONS: Final[dict[str, Any]] = {
    "content": {
        "text/plain": {"schema": {"type": "string"}},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    }
}
"""What `format=qemu` and `format=binary` answer, for the API's description."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer ready to be sent, any number of times."""

    tag: str
    full: Response
    unchanged: Response

    def answer(self, request: Request) -> Response:
        held = request.headers.get("if-none-match")
        return self.full if held is None or not matches(held, self.tag) else self.unchanged


class _Target(NamedTuple):
    identity: ReferenceType[Identity]
    """What the host reported when it was rendered; held by those that still report it."""
    text: str


class Representations:
    """Renders, and keeps what it has rendered under the names it was asked for by."""

    def __init__(self, names: CpuNames) -> None:
        self._names = names
        self._answers: Kept[Rendered] = Kept(_KEPT_BYTES, lambda rendered: len(rendered.full.body) + _EACH)
        self._parts: Kept[bytes] = Kept(_KEPT_PARTS_BYTES, lambda part: 4 * len(part) + _EACH)
        self._targets: Kept[_Target] = Kept(_TARGET_BYTES, lambda target: len(target.text) + _EACH_TARGET)
        self._identities: WeakKeyDictionary[Identity, orjson.Fragment] = WeakKeyDictionary()

    def kept(self, key: Hashable) -> Rendered | None:
        return self._answers.get(key)

    def keep(self, key: Hashable, rendered: Rendered) -> Rendered:
        return self._answers.keep(key, rendered)

    def targets(self, hosts: Iterable[FleetHost]) -> orjson.Fragment:
        """Hosts as `TargetOut` describes them. A thousand to a page: models would take most of the time."""
        return orjson.Fragment(f"[{','.join([self._target(host) for host in hosts])}]")

    def _target(self, host: FleetHost) -> str:
        name, identity = host.name, host.profile.identity
        kept = self._targets.get(name)
        if kept is None or kept.identity() is not identity:
            shown = orjson.dumps({"host": name, "implementations": self._implementations(identity)}).decode()
            kept = self._targets.keep(name, _Target(ref(identity), shown))
        return kept.text

    def _implementations(self, identity: Identity) -> orjson.Fragment:
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
            body = self.list_of(boot)
        elif format_ is Format.QEMU and boot.plan.mode is Mode.HOMOGENEOUS:
            raise HypercallsHidden(boot.vm)
        else:
            body = _raw(boot.plan.list, format_)
        return _rendered(body, format_, tag, _REVALIDATE)

    def list_of(self, boot: Boot) -> bytes:
        """The list of a boot as `ListOut` describes it; its long parts, which many boots have alike, rendered once."""
        return self._whole(ListOut.from_boot(_shortened(boot), self._names), boot.plan)

    def sealed(self, sealed: SealedBoot) -> bytes:
        """The same as `SealedOut` describes it."""
        short = replace(sealed, boot=_shortened(sealed.boot))
        return self._whole(SealedOut.from_sealed(short, self._names), sealed.boot.plan)

    def _whole(self, shortened: ListOut, plan: Plan) -> bytes:
        long = {
            "count": len(plan.list),
            "implementations": self._part(plan.list.digest, lambda: entries_json(plan.list, self._names)),
            "digest": plan.list.digest,
            "left_out": self._part(plan.left_out, lambda: left_out_json(plan.left_out, self._names)),
        }
        return orjson.dumps({**shortened.model_dump(mode="json"), **long})

    def _part(self, key: Hashable, render: Callable[[], bytes]) -> orjson.Fragment:
        if (rendered := self._parts.get(key)) is None:
            rendered = self._parts.keep(key, render())
        return orjson.Fragment(rendered)


def _shortened(boot: Boot) -> Boot:
    """Without what takes long to render."""
    plan = boot.plan
    return replace(boot, plan=replace(plan, list=ImplementationList((plan.list.vcpu_identity,)), left_out=()))


def _raw(implementations: ImplementationList, format_: Format) -> bytes:
    return implementations.binary if format_ is Format.BINARY else implementations.qemu.encode()


def _rendered(body: bytes, format_: Format, tag: str, caching: str) -> Rendered:
    headers = {"ETag": f'"{tag}"', "Cache-Control": caching}
    return Rendered(
        tag, Response(body, 200, headers, _MEDIA_TYPES[format_]), Response(status_code=304, headers=headers)
    )
