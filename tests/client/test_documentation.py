"""docs/python-client.md: its examples are run on the fleet of the demo, and their types are checked."""

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import roadstead
from tests.client.test_operations import CALLS
from tests.demonstration import demonstration

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/python-client.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
MISTAKES = """\
from roadstead import Client, Problem, boots, documents, hosts, vms

new: documents.HostInput = {"cpus": [], "colour": "red"}  # typeddict-unknown-key
none: documents.HostInput = {"labels": {}}  # typeddict-item


def ask(client: Client, problem: Problem) -> bool:
    client.ask(hosts.edit("h1", {"state": "sold"}))  # typeddict-item
    client.ask(vms.find(states=["runing"]))  # list-item
    print(client.ask(boots.boot("vm-1", "h1"))["digets"])  # typeddict-item
    return problem.kind == "vm_runing"  # comparison-overlap
"""
"""What type checkers find: of each line, the code with which mypy does."""

ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def demo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with demonstration(tmp_path_factory.mktemp("documentation")) as client:
        yield str(client.base_url)


def files(directory: Path, address: str) -> list[Path]:
    """The examples as programs, for a service at this address."""
    made = [directory / f"example_{number}.py" for number in range(1, len(EXAMPLES) + 1)]
    for path, example in zip(made, EXAMPLES, strict=True):
        assert ADDRESS in example
        path.write_text(example.replace(ADDRESS, address), encoding="utf-8")
    return made


def test_the_examples_do_what_they_say(demo_url: str, tmp_path: Path) -> None:
    """Each on what the ones before it have left."""
    assert len(EXAMPLES) > 8
    printed = [_run([str(path)], tmp_path) for path in files(tmp_path, demo_url)]
    assert "implementation_not_listed" in printed[0]
    assert "fra1-r01-n02 yes\nfra1-r01-n19 no" in printed[1]
    assert "-M virt,impl-cpu.0.midr=0x413fd0c1" in printed[2]
    assert "boot the VM again to include it" in printed[3]
    assert printed[-1] == "1000 would be created\n"


@pytest.mark.slow
def test_the_types_of_the_examples_are_right_and_those_of_mistakes_are_not(tmp_path: Path) -> None:
    mistakes = tmp_path / "mistakes.py"
    mistakes.write_text(MISTAKES, encoding="utf-8")
    options = ["-m", "mypy", "--strict", "--no-pretty", "--cache-dir", str(tmp_path / "cache"), "--config-file", ""]
    said = _run([*options, str(mistakes), *map(str, files(tmp_path, ADDRESS))], ROOT, code=1)
    found = re.findall(r"^(.*): error: .*\[(.*)\]$", said, re.MULTILINE)
    expected = re.findall(r"^.*# (.*)$", MISTAKES, re.MULTILINE)
    lines = [number for number, line in enumerate(MISTAKES.splitlines(), 1) if "# " in line]
    assert found == [(f"{mistakes}:{number}", code) for number, code in zip(lines, expected, strict=True)]


def test_every_call_is_in_its_table() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (`.*`) \|$", TEXT, re.MULTILINE))
    for name in roadstead.__all__:
        if inspect.ismodule(module := getattr(roadstead, name)) and name != "documents":
            assert re.findall(r"`(\w+)`", rows[name]) == _calls(module)


def test_everything_that_it_names_of_the_package_is_there() -> None:
    for line in re.findall(r"^from roadstead import (.*)$", TEXT, re.MULTILINE):
        assert set(line.split(", ")) <= set(roadstead.__all__)


def _calls(module: ModuleType) -> list[str]:
    """In the order in which they are written."""
    functions = {call.func for calls in CALLS.values() for call in calls if inspect.getmodule(call.func) is module}
    return [each.__name__ for each in sorted(functions, key=lambda each: each.__code__.co_firstlineno)]


def _run(arguments: list[str], directory: Path, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=directory, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout
