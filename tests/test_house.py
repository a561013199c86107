"""The figures of CONTRIBUTING.md, which keep the house easy to walk in."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeGuard

import pytest

ROOT: Final = Path(__file__).parents[1]
SOURCE: Final = ("app", "roadstead")
ROUTES: Final = {"get", "put", "post", "patch", "delete"}
LONG_TESTS: Final = {
    "tests/api/test_hosts.py",
    "tests/concurrency/model.py",
    "tests/concurrency/test_stateful.py",
    "tests/domain/test_checking.py",
}
"""Longer than the rest may be; the list may only shrink."""


def modules(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def nodes(*folders: str) -> Iterator[tuple[str, ast.AST]]:
    for path in modules(*folders):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield named(path), node


def handlers() -> list[tuple[str, ast.AsyncFunctionDef | ast.FunctionDef]]:
    return [
        (path, node)
        for path, node in nodes("app/api")
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and any(map(_makes_route, node.decorator_list))
    ]


def _makes_route(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute) and decorator.func.attr in ROUTES
    )


def body_lines(function: ast.AsyncFunctionDef | ast.FunctionDef) -> int:
    body = function.body[ast.get_docstring(function) is not None :]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_a_handler_parses_makes_one_call_and_renders() -> None:
    found = handlers()
    assert len(found) > 40
    assert [(path, each.name) for path, each in found if body_lines(each) > 8] == []


def test_a_file_is_read_in_one_go() -> None:
    long = {named(path) for path in modules(*SOURCE, "migrations", "bench", "demo", "tests") if len(lines(path)) > 400}
    assert long == LONG_TESTS


def test_values_of_many_fields_are_made_by_name() -> None:
    """A tuple that has names is a row, and has them in the order of its columns."""
    positional = [(path, node.name) for path, node in nodes(*SOURCE) if _is_dataclass(node) and _takes_many(node)]
    assert positional == []


def _is_dataclass(node: ast.AST) -> TypeGuard[ast.ClassDef]:
    return isinstance(node, ast.ClassDef) and any("dataclass" in ast.unparse(each) for each in node.decorator_list)


def _takes_many(node: ast.ClassDef) -> bool:
    decorators = " ".join(map(ast.unparse, node.decorator_list))
    annotations = [ast.unparse(each.annotation) for each in node.body if isinstance(each, ast.AnnAssign)]
    fields = [each for each in annotations if not each.startswith("ClassVar")]
    return len(fields) > 4 and "kw_only=True" not in decorators and "KW_ONLY" not in fields


EXCEPTION: Final = re.compile(r"# (?:noqa|type: ignore)\b")
REASONED: Final = re.compile(r"# noqa: [A-Z]+\d+ - \S|# type: ignore\[[\w-]+\] # \S")


@pytest.mark.parametrize("folder", SOURCE)
def test_an_exception_has_its_reason_beside_it(folder: str) -> None:
    bare = [
        f"{named(path)}:{number}"
        for path in modules(folder)
        for number, line in enumerate(lines(path), 1)
        if EXCEPTION.search(line) and not REASONED.search(line)
    ]
    assert bare == []


def test_there_is_more_test_than_source() -> None:
    source, tests = (sum(len(lines(path)) for path in modules(*folders)) for folders in (SOURCE, ("tests",)))
    assert tests >= 1.15 * source
