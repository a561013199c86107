"""The calls that show the main job, in an order in which each works, again and again."""

import json
import shlex
from dataclasses import KW_ONLY, dataclass
from typing import Final

from demo.fleet import BOARD, LATECOMER, MISTYPED, Document
from demo.vms import BATCH, CACHE, TESTS, WEB

ID: Final = "{id}"
"""Stands in a path for the id that an earlier call remembered."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: how it is printed, and what it must answer."""

    path: str
    _: KW_ONLY
    method: str = "GET"
    body: Document | None = None
    status: int = 200
    code: str | None = None
    """Of the problem, where the call is one that the service must refuse."""
    remember_id: bool = False
    """Keep the `id` of the answer for the calls that follow."""
    text: bool = False
    """Whether the answer is plain text and no JSON."""

    def command(self, base_url: str) -> str:
        """The call for a shell with curl, in one line."""
        curl = " ".join(["curl -sS", *self._request(base_url)])
        if self.remember_id:
            return f"""id=$({curl} | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')"""
        return f"{curl}; echo" if self.text else f"{curl} | python3 -m json.tool"

    def _request(self, base_url: str) -> list[str]:
        url = base_url + self.path
        quoted = f'"{url.replace(ID, "${id}")}"' if ID in url else shlex.quote(url)
        if self.body is not None:
            return [quoted, "-H 'Content-Type: application/json'", "-d", shlex.quote(json.dumps(self.body))]
        return [quoted] if self.method == "GET" else ["-X", self.method, quoted]


@dataclass(frozen=True, slots=True)
class Chapter:
    title: str
    calls: tuple[Call, ...]


def _post(path: str, body: Document | None = None, *, status: int = 200, code: str | None = None) -> Call:
    return Call(path, method="POST", body=body, status=status, code=code)


def _admit(target: str) -> Call:
    return Call(f"/v1/vms/{WEB.name}/migrations", method="POST", body={"target": target}, status=201, remember_id=True)


_NEW_HOME: Final = "fra1-r05-n02"
_PREVIEWED: Final = ["fra1-r01-n02", LATECOMER, "fra1-r06-n01", "fra1-r08-n01"]

TOUR: Final = (
    Chapter(
        f"Boot a VM on a host: its implementation list is sealed. Racks r06 and r07 are left out, and it says why.\n"
        f"The planned machines of rack r08 are on the list: {BATCH.name} will be able to move to them next year.",
        (_post(f"/v1/vms/{BATCH.name}/boots", {"host": "fra1-r01-n02"}, status=201),),
    ),
    Chapter(
        "The same list as the value of QEMU's -M option (impl-cpu).",
        (Call(f"/v1/vms/{BATCH.name}/implementation-list?format=qemu", text=True),),
    ),
    Chapter(
        "Every hypercall the guest will make, with the registers of the answer; then one of them alone.",
        (
            Call(f"/v1/vms/{BATCH.name}/hypercalls?abi=kvm"),
            _post(
                f"/v1/vms/{BATCH.name}/hypercalls",
                {"abi": "kvm", "function_id": "0xc6000041", "arguments": ["0x1", "0x0", "0x0"]},
            ),
        ),
    ),
    Chapter(
        f"What does the list do to the guest of {BATCH.name}? Which table keeps racks r06 and r07 off it?",
        (Call(f"/v1/vms/{BATCH.name}/implementation-list/effects"), Call("/v1/errata/ARM64_HAS_BBML3")),
    ),
    Chapter(
        f"Stop {BATCH.name} again; what its boot sealed stays readable.",
        (_post(f"/v1/vms/{BATCH.name}/stop"), Call(f"/v1/vms/{BATCH.name}/boots/1")),
    ),
    Chapter(
        f"Where may {WEB.name}, which has run for a while, move to now?", (Call(f"/v1/vms/{WEB.name}/targets?limit=3"),)
    ),
    Chapter(
        f"Why not to {LATECOMER}, the same CPU model in the same rack? (It came after {WEB.name} was booted.)",
        (Call(f"/v1/vms/{WEB.name}/targets/{LATECOMER}"),),
    ),
    Chapter(
        "The move is refused, whoever asks for it: 409 not_a_target.",
        (_post(f"/v1/vms/{WEB.name}/migrations", {"target": LATECOMER}, status=409, code="not_a_target"),),
    ),
    Chapter("All hosts that are no targets, by reason.", (Call(f"/v1/vms/{WEB.name}/rejections"),)),
    Chapter(
        "What would a boot on one of four hosts get now? Nothing is stored.",
        (
            _post(
                "/v1/placements:preview",
                {
                    "host": _PREVIEWED[0],
                    "placement": {"include_hosts": _PREVIEWED},
                    "guest": {"discovers_implementations": True},
                },
            ),
        ),
    ),
    Chapter(
        f"Move {WEB.name} from a Neoverse N1 to a Neoverse V1: admitted, verified by the destination, completed.",
        (
            _admit(_NEW_HOME),
            _post(f"/v1/migrations/{ID}:verify"),
            _post(f"/v1/migrations/{ID}:complete"),
        ),
    ),
    Chapter(
        "And home again, so that all of this can be repeated.",
        (_admit(WEB.host or ""), _post(f"/v1/migrations/{ID}:complete")),
    ),
    Chapter(
        f"{CACHE.name} is exposed: its host has turned out to have other registers. When, and who said so?",
        (Call(f"/v1/vms/{CACHE.name}"), Call(f"/v1/hosts/{MISTYPED}/history")),
    ),
    Chapter(
        "A board with four kinds of CPU: a guest on all of them would believe itself safe where it is not.",
        (_post(f"/v1/vms/{TESTS.name}/boots", {"host": BOARD}, status=409, code="boot_refused"),),
    ),
    Chapter("What is the fleet made of?", (Call("/v1/implementations"),)),
)
