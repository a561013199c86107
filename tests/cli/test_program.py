"""The command line as a program: how it starts, and how it meets pipes and terminals."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import PROGRAM
from tests.collector.host_tree import GRAVITON2, write_host
from tests.failing_service import Scripted, failing_service, problem
from tests.waiting import PATIENCE

HEAVY = {"alembic", "fastapi", "sqlalchemy", "starlette", "uvicorn"}


def modules_of(*arguments: str) -> set[str]:
    """The packages that a command imports."""
    code = (
        "import atexit, sys; atexit.register(lambda: print('modules', *{m.partition('.')[0] for m in sys.modules}));"
        f"sys.argv = {['roadstead', *arguments]!r}; from roadstead.cli.main import main; main()"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False)
    return set(run.stdout.splitlines()[-1].split()[1:])


def test_help_needs_next_to_nothing() -> None:
    assert not modules_of("--help") & (HEAVY | {"httpx", "pydantic", "rich", "yaml"})


@pytest.mark.parametrize(
    "arguments",
    [
        ["hosts", "list", "--server", "http://127.0.0.1:9", "--retries", "0"],
        ["data", "check", "pyproject.toml"],
    ],
)
def test_commands_that_ask_the_service_do_not_import_it(arguments: list[str]) -> None:
    found = modules_of(*arguments)
    assert "rich" in found
    assert not found & HEAVY


def test_the_collector_starts_at_once() -> None:
    assert not modules_of("collect", "--help") & (HEAVY | {"httpx", "rich", "typer"})


@pytest.mark.usefixtures("fleet")
def test_a_reader_that_has_seen_enough(service_url: str) -> None:
    line = f"{PROGRAM} hosts list --output json --server {service_url} | head -c 1"
    run = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (run.stdout, run.stderr) == ("[", "")


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    "arguments", [["hosts", "list"], ["vms", "explain", "vm-1", "--host", "h3"], ["collect", "--print"]]
)
def test_a_pipe_that_nobody_reads_is_neither_a_yes_nor_a_no(
    service_url: str, tmp_path: Path, arguments: list[str]
) -> None:
    if "collect" in arguments:
        arguments = [*arguments, "--root", str(write_host(tmp_path, {0: GRAVITON2}))]
    ours, theirs = os.pipe()
    os.close(ours)
    run = subprocess.run(
        [PROGRAM, *arguments],
        stdout=theirs,
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "ROADSTEAD_SERVER": service_url},
    )
    os.close(theirs)
    assert run.returncode == 141
    assert b"roken" not in run.stderr


def test_a_defect_is_no_no() -> None:
    with failing_service() as service:
        service.will(Scripted(200, {"what": "no list of the service has"}))
        run = subprocess.run(
            [PROGRAM, "hosts", "list", "--server", service.url],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert run.returncode == 3
    assert "KeyError: 'items'" in run.stderr


@pytest.mark.usefixtures("fleet")
def targets(start: int, next_cursor: str | None) -> Scripted:
    """A page of the largest size."""
    items = [{"host": f"h{number}", "implementations": [{"name": "CPU"}]} for number in range(start, start + 1000)]
    return Scripted(200, {"items": items, "next_cursor": next_cursor, "fleet_revision": 1, "total": 2000})


@pytest.mark.parametrize(("form", "last"), [("table", "h999"), ("json", '"h999"'), ("yaml", "h999"), ("name", "h999")])
def test_what_has_come_of_a_long_list_is_printed_before_the_rest_is_asked_for(form: str, last: str) -> None:
    with failing_service() as service:
        service.will(targets(0, "more"), problem(500, "internal_error"))
        run = subprocess.run(
            [PROGRAM, "vms", "targets", "vm-1", "--limit", "0", "-o", form, "--server", service.url],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert [heard.path.partition("?")[2] for heard in service.heard] == ["limit=1000", "limit=1000&cursor=more"]
    assert run.returncode == 3
    assert last in run.stdout
    assert "internal_error" in run.stderr


def test_somebody_who_waits_for_a_file_sees_how_far_it_is(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    path = tmp_path / "targets"
    with failing_service() as service, path.open("wb") as file:
        service.will(targets(0, "more"), targets(1000, None))
        command = [PROGRAM, "vms", "targets", "vm-1", "--limit", "0", "--server", service.url]
        with subprocess.Popen(command, stdout=file, stderr=theirs) as run:
            os.close(theirs)
            seen = _read(ours)
            while piece := _read(ours):
                seen += piece
            assert run.wait(PATIENCE) == 0
    os.close(ours)
    assert b"1,000 so far" in seen
    assert len(path.read_text().splitlines()) == 2001


def test_a_terminal_without_the_signs_still_gets_the_words(service_url: str) -> None:
    run = subprocess.run(
        [PROGRAM, "vms", "explain", "vm-1", "h3", "--server", service_url],
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert (run.returncode, run.stderr) == (0, b"")
    assert b"? nothing speaks against it" in run.stdout


def test_a_terminal_sees_how_an_import_goes_on_and_colours(service_url: str, tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    rows = "".join(f"pty-{number},0x413fd0c1,0x0,0x0\n" for number in range(2000))
    path.write_text("name,midr,revidr,aidr\n" + rows)
    seen = _on_a_terminal("hosts", "import", str(path), "--server", service_url)
    assert "fleet.csv" in seen
    assert "kB" in seen
    assert "hosts: 2000 created" in seen
    assert "\x1b[32mactive" in _on_a_terminal("hosts", "show", "pty-7", "--server", service_url)


def _on_a_terminal(*arguments: str) -> str:
    """What a person would see."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    env.pop("NO_COLOR", None)
    with subprocess.Popen([PROGRAM, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=env) as run:
        os.close(theirs)
        seen = b""
        while piece := _read(ours):
            seen += piece
        assert run.wait(PATIENCE) == 0, seen
    os.close(ours)
    return seen.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # how Linux says that the other side is closed
        return b""
