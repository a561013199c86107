"""Why a VM can or cannot move to a host, on one screen: the registers side by side, every reason, what would help."""

from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Final, Literal, NamedTuple

from rich.console import Group, RenderableType
from rich.text import Text

from roadstead.cli.views.layout import Cell, Column
from roadstead.cli.views.problems import reason_view
from roadstead.cli.views.tables import NOTHING, fields, heading, register, short_digest, table
from roadstead.client.documents import Comparison, Host, Reason, Verdict, Vm

_REGISTERS: Final[Mapping[Literal["midr", "revidr", "aidr"], str]] = {
    "midr": "MIDR_EL1",
    "revidr": "REVIDR_EL1",
    "aidr": "AIDR_EL1",
}


_Row = tuple[Cell, Cell, Cell, Cell]
"""What it is about, and it on the list and on the host."""


class Explanation(NamedTuple):
    verdict: Verdict
    vm: Vm
    host: Host


def explain_view(explanation: Explanation) -> RenderableType:
    verdict, vm, host = explanation
    return Group(
        _headline(verdict) + _not_now(verdict),
        fields({vm["name"]: _about_vm(vm), host["name"]: _about_host(host)}),
        heading("CPU registers"),
        _comparison(verdict),
        *_reasons(verdict),
    )


def brief_view(verdict: Verdict) -> Text:
    """The verdict in one line."""
    codes = ", ".join(reason["code"] for reason in verdict["reasons"])
    return _headline(verdict) + Text(f": {codes}" if codes else "") + _not_now(verdict)


def _headline(verdict: Verdict) -> Text:
    may = ("may move to", "bold green") if verdict["eligible"] else ("cannot move to", "bold red")
    return Text.assemble(
        (verdict["vm"], "bold"),
        " ",
        may,
        " ",
        (verdict["host"], "bold"),
        (f"  (fleet revision {verdict['fleet_revision']})", "dim"),
    )


def _not_now(verdict: Verdict) -> Text:
    if verdict["admissible"]:
        return Text("")
    return Text(f"\nnot now: migration {verdict['migration']} is open; complete or fail it first", "bold yellow")


def _about_vm(vm: Vm) -> str:
    return f"{vm['state']} on {vm['host']}, {vm['mode']}, list {short_digest(vm['implementation_list'])}"


def _about_host(host: Host) -> str:
    return f"{host['state']}, kernel {host['kernel_release'] or 'unknown'}, VMM {host['vmm'] or 'unknown'}"


def _comparison(verdict: Verdict) -> RenderableType:
    titles = ("", "", "NEAREST ON THE LIST", verdict["host"])
    columns = [Column[_Row](title, itemgetter(position)) for position, title in enumerate(titles)]
    return table(columns, (row for each in verdict["comparison"] for row in _compared(each)))


def _compared(comparison: Comparison) -> Iterator[_Row]:
    own, listed = comparison["implementation"], comparison["nearest_listed"]
    yield _verdict(comparison), "", listed["name"] if listed else NOTHING, own["name"]
    for name, title in _REGISTERS.items():
        yield _row(title, listed[name] if listed else NOTHING, own[name])


def _verdict(comparison: Comparison) -> Text:
    if comparison["nearest_listed"] is None:
        return Text("?", "yellow")
    return Text("✗", "red") if comparison["differing_registers"] else Text("✓", "green")


def _row(title: str, listed: str | None, own: str | None) -> _Row:
    if listed in (own, NOTHING):
        return Text("?" if own is None else " ", "yellow"), title, register(listed), register(own)
    return Text("≠", "bold red"), title, Text(listed or "", "green"), Text(own or "", "bold red")


def _reasons(verdict: Verdict) -> Iterator[RenderableType]:
    if verdict["eligible"]:
        yield Text("\n✓ nothing speaks against it", "green")
        return
    count = len(verdict["reasons"])
    yield heading(f"{count} reason{'s' if count > 1 else ''} against it")
    yield from (reason_view(reason, _summary(reason)) for reason in verdict["reasons"])


def _summary(reason: Reason) -> str | None:
    """For a reason that puts many registers into words, as they stand above already."""
    unlisted = reason.get("unlisted", ())
    return f"{len(unlisted)} implementations are not on the list: ✗ above" if len(unlisted) > 1 else None
