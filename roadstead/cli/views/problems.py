"""Problems: one sentence, then every fault and every reason with what would help."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from roadstead.cli.views.wrapping import Indented
from roadstead.client import Problem
from roadstead.client.documents import Fault, Reason

_FAULTS_SHOWN = 20
_MARGIN = "  "


def problem_view(problem: Problem) -> RenderableType:
    return Group(*_lines(problem))


def reason_view(reason: Reason, detail: str | None = None) -> RenderableType:
    """Why, and what would help; in other words than the service's, where the screen shows more than words."""
    return Group(
        Text.assemble(("✗ ", "red"), (reason["code"], "bold red"), (_duration(reason), "dim")),
        Indented(detail or reason["detail"], _MARGIN),
        Indented(Text.assemble(("→ ", "green"), reason["remedy"]), _MARGIN),
    )


def _duration(reason: Reason) -> str:
    return "  (waiting does not help)" if reason["lasting"] else ""


def _lines(problem: Problem) -> Iterator[RenderableType]:
    # The detail of a problem repeats what its reasons and its errors say.
    sentence = problem.title if problem.reasons or problem.errors else str(problem)
    yield Text.assemble(("roadstead: ", "bold"), sentence, (f" [{problem.code}]", "dim"))
    for reason in problem.reasons:
        yield reason_view(reason)
    for fault in problem.errors[:_FAULTS_SHOWN]:
        yield Indented(Text.assemble((_place(problem, fault), "bold"), f": {fault['detail']}"), _MARGIN)
    if (total := problem.document.get("errors_total") or len(problem.errors)) > _FAULTS_SHOWN:
        yield Text(f"  … {total} faults in all")
    if problem.request_id:
        yield Text(f"  request {problem.request_id}", "dim")


def _place(problem: Problem, fault: Fault) -> str:
    """Where the fault is; in an import, the line of the file."""
    if problem.code == "invalid_import":
        line, _, pointer = fault["pointer"].removeprefix("/").partition("/")
        return f"line {line}, {pointer}" if pointer else f"line {line}"
    return fault["pointer"] or "the document"
