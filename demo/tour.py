"""The calls that show the main job, in an order in which each works, again and again."""

import json
import shlex
from dataclasses import dataclass, replace
from typing import Final

from demo.fleet import BOARD, LATECOMER, MISTYPED, Document
from demo.vms import BATCH, CACHE, TESTS, WEB

ID: Final = "{id}"
"""Stands in a path and in a command for the id that an earlier call remembered."""

_ID_OF: Final = """python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])'"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: how it is printed, and what it must answer."""

    path: str
    command: str
    """The same with the command line, behind `roadstead`."""
    method: str = "GET"
    body: Document | None = None
    status: int = 200
    code: str | None = None
    """Of the problem, where the call is one that the service must refuse."""
    no: bool = False
    """Whether the answer is a no, with which the command ends."""
    standard_input: Document | None = None
    """What the command reads."""
    remember_id: bool = False
    """Keep the `id` of the answer for the calls that follow."""
    text: bool = False
    """Whether the answer is plain text and no JSON."""

    def with_curl(self, base_url: str) -> str:
        """The call for a shell with curl, in one line."""
        curl = " ".join(["curl -sS", *self._request(base_url)])
        if self.remember_id:
            return f"id=$({curl} | {_ID_OF})"
        return f"{curl}; echo" if self.text else f"{curl} | python3 -m json.tool"

    def with_command_line(self) -> str:
        """The same with the command line, whose environment says which service is asked."""
        command = f"roadstead {self.command}".replace(ID, '"$id"')
        if self.standard_input is not None:
            command = f"echo {shlex.quote(json.dumps(self.standard_input))} | {command}"
        return f"id=$({command} -o json | {_ID_OF})" if self.remember_id else command

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


def _get(path: str, command: str, *, text: bool = False, no: bool = False) -> Call:
    return Call(path=path, command=command, text=text, no=no)


def _post(path: str, command: str, body: Document | None = None, *, status: int = 200, code: str | None = None) -> Call:
    return Call(path=path, command=command, method="POST", body=body, status=status, code=code, no=bool(code))


def _admit(target: str) -> Call:
    admitted = _post(
        f"/v1/vms/{WEB.name}/migrations", f"vms migrate {WEB.name} {target}", {"target": target}, status=201
    )
    return replace(admitted, remember_id=True)


def _report(verb: str) -> Call:
    return _post(f"/v1/migrations/{ID}:{verb}", f"migrations {verb} {ID}")


def _preview() -> Call:
    wanted: Document = {
        "placement": {"include_hosts": _PREVIEWED},
        "guest": {"discovers_implementations": True},
    }
    asked = _post("/v1/placements:preview", f"preview {_PREVIEWED[0]} --file -", {"host": _PREVIEWED[0], **wanted})
    return replace(asked, standard_input=wanted)


_NEW_HOME: Final = "fra1-r05-n02"
_PREVIEWED: Final = ["fra1-r01-n02", LATECOMER, "fra1-r06-n01", "fra1-r08-n01"]

_BATCH: Final = f"/v1/vms/{BATCH.name}"
_WEB: Final = f"/v1/vms/{WEB.name}"

TOUR: Final = (
    Chapter(
        f"Boot a VM on a host: its implementation list is sealed. Racks r06 and r07 are left out, and it says why.\n"
        f"The planned machines of rack r08 are on the list: {BATCH.name} will be able to move to them next year.",
        (_post(f"{_BATCH}/boots", f"vms boot {BATCH.name} fra1-r01-n02", {"host": "fra1-r01-n02"}, status=201),),
    ),
    Chapter(
        "The same list as the value of QEMU's -M option (impl-cpu).",
        (_get(f"{_BATCH}/implementation-list?format=qemu", f"vms implementation-list {BATCH.name} --qemu", text=True),),
    ),
    Chapter(
        "Every hypercall the guest will make, with the registers of the answer; then one of them alone.",
        (
            _get(f"{_BATCH}/hypercalls?abi=kvm", f"vms hypercalls {BATCH.name}"),
            _post(
                f"{_BATCH}/hypercalls",
                f"vms answer-hypercall {BATCH.name} 0xc6000041 0x1",
                {"abi": "kvm", "function_id": "0xc6000041", "arguments": ["0x1", "0x0", "0x0"]},
            ),
        ),
    ),
    Chapter(
        f"What does the list do to the guest of {BATCH.name}? Which table keeps racks r06 and r07 off it?",
        (
            _get(f"{_BATCH}/implementation-list/effects", f"effects {BATCH.name}"),
            _get("/v1/errata/ARM64_HAS_BBML3", "errata show ARM64_HAS_BBML3"),
        ),
    ),
    Chapter(
        f"Stop {BATCH.name} again; what its boot sealed stays readable.",
        (
            _post(f"{_BATCH}/stop", f"vms stop {BATCH.name}"),
            _get(f"{_BATCH}/boots/1", f"vms implementation-list {BATCH.name} --boot 1"),
        ),
    ),
    Chapter(
        f"Where may {WEB.name}, which has run for a while, move to now?",
        (_get(f"{_WEB}/targets?limit=3", f"vms targets {WEB.name} --limit 3"),),
    ),
    Chapter(
        f"Why not to {LATECOMER}, the same CPU model in the same rack? (It came after {WEB.name} was booted.)",
        (_get(f"{_WEB}/targets/{LATECOMER}", f"vms explain {WEB.name} {LATECOMER}", no=True),),
    ),
    Chapter(
        "The move is refused, whoever asks for it: 409 not_a_target.",
        (
            _post(
                f"{_WEB}/migrations",
                f"vms migrate {WEB.name} {LATECOMER}",
                {"target": LATECOMER},
                status=409,
                code="not_a_target",
            ),
        ),
    ),
    Chapter("All hosts that are no targets, by reason.", (_get(f"{_WEB}/rejections", f"vms rejections {WEB.name}"),)),
    Chapter("What would a boot on one of four hosts get now? Nothing is stored.", (_preview(),)),
    Chapter(
        f"Move {WEB.name} from a Neoverse N1 to a Neoverse V1: admitted, verified by the destination, completed.",
        (_admit(_NEW_HOME), _report("verify"), _report("complete")),
    ),
    Chapter(
        "And home again, so that all of this can be repeated.",
        (_admit(WEB.host or ""), _report("complete")),
    ),
    Chapter(
        f"{CACHE.name} is exposed: its host has turned out to have other registers. When, and who said so?",
        (
            _get(f"/v1/vms/{CACHE.name}", f"vms show {CACHE.name}"),
            _get(f"/v1/hosts/{MISTYPED}/history", f"hosts history {MISTYPED}"),
        ),
    ),
    Chapter(
        "A board with four kinds of CPU: a guest on all of them would believe itself safe where it is not.",
        (
            _post(
                f"/v1/vms/{TESTS.name}/boots",
                f"vms boot {TESTS.name} {BOARD}",
                {"host": BOARD},
                status=409,
                code="boot_refused",
            ),
        ),
    ),
    Chapter("What is the fleet made of?", (_get("/v1/implementations", "implementations"),)),
)
