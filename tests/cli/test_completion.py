"""TAB completes names of hosts and VMs, at once, and says nothing where it cannot."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from demo.service import PROGRAM
from roadstead.cli.application import _COMMANDS, _command
from roadstead.cli.completion import ARGUMENTS, HOSTS, OPTIONS, VARIABLE, VMS, completed
from roadstead.client import Client, Server, hosts
from tests.api.talk import N1
from tests.cli.test_documentation import leaves
from tests.client.inputs import host
from tests.failing_service import HANG_UP, Scripted, failing_service
from tests.waiting import PATIENCE

Environment = dict[str, str]


def bash(words: str, server: str) -> Environment:
    typed = words.split(" ")
    return {
        VARIABLE: "complete_bash",
        "COMP_WORDS": "\n".join(typed),
        "COMP_CWORD": str(len(typed) - 1),
        "ROADSTEAD_SERVER": server,
    }


def line(shell: str, typed: str, server: str, **more: str) -> Environment:
    return {VARIABLE: f"complete_{shell}", "_TYPER_COMPLETE_ARGS": typed, "ROADSTEAD_SERVER": server, **more}


@pytest.fixture
def two(service_url: str, zone: str) -> list[str]:
    names = [f"{zone}-1", f"{zone}-2"]
    with Client(Server(service_url)) as client:
        for name in names:
            client.ask(hosts.write(name, host(N1)))
    return names


@pytest.mark.parametrize(
    "typed",
    [
        "roadstead hosts show {0}",
        "roadstead -o json hosts show --watch h1 {0}",
        "roadstead vms explain vm-1 {0}",
        "roadstead vms migrate --retries 3 vm-1 {0}",
        "roadstead vms list --host {0}",
        "roadstead preview {0}",
    ],
)
def test_hosts(service_url: str, two: list[str], zone: str, typed: str) -> None:
    assert completed(bash(typed.format(zone), service_url)) == "\n".join(two)
    assert completed(line("fish", typed.format(zone), service_url)) == "\n".join(two)
    assert completed(line("zsh", typed.format(zone), service_url)) == f"_arguments '*: :(({' '.join(two)}))'"


def test_vms(service_url: str, guest: str, zone: str) -> None:
    for command in ("vms show", "vms migrate", "effects", "preview h1 --vm", "migrations list --vm"):
        assert completed(bash(f"roadstead {command} {zone}", service_url)) == f"{zone}-old\n{guest}"
    assert completed(bash(f"roadstead vms show {guest}-", service_url)) == ""


@pytest.mark.parametrize(
    "typed",
    [
        "roadstead ho",
        "roadstead hosts sh",
        "roadstead vms show --out",
        "roadstead hosts state h1 co",
        "roadstead",
        "roadstead serve --host ",
    ],
)
def test_other_words_are_not_its_business(typed: str) -> None:
    assert completed(bash(typed, "http://127.0.0.1:9")) is None


def test_where_it_cannot_it_says_nothing(tmp_path: Path) -> None:
    assert completed(bash("roadstead vms show w", "http://127.0.0.1:9")) == ""
    assert completed(bash("roadstead vms show w", "no address")) == ""
    assert completed(bash("roadstead vms show w", "") | {"ROADSTEAD_TOKEN_FILE": str(tmp_path / "none")}) == ""
    answers = [HANG_UP, Scripted(500, {}), Scripted(200, []), Scripted(200, {"items": [{"name": 7}]})]
    answers.append(Scripted(200, {"items": [{"name": "w$(reboot)"}, {"name": "w`"}]}))
    for answer in answers:
        with failing_service() as service:
            service.will(answer)
            assert completed(bash("roadstead vms show w", service.url)) == ""
            assert len(service.heard) == 1


def test_it_asks_the_service_that_is_meant_as_whoever_types(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")
    with failing_service() as service:
        service.will(Scripted(200, {"items": [{"name": "web-01"}]}))
        typed = bash(f"roadstead --server {service.url}/ vms show ", "http://127.0.0.1:9")
        assert completed(typed | {"ROADSTEAD_TOKEN_FILE": str(tmp_path / "token")}) == "web-01"
    assert service.heard[0].path == "/v1/vms?limit=1000"
    assert service.heard[0].headers["Authorization"] == "Bearer secret"


def test_fish_asks_first_whether_there_is_anything() -> None:
    asked = line("fish", "roadstead vms show ", "http://127.0.0.1:9", _TYPER_COMPLETE_FISH_ACTION="is-args")
    assert completed(asked) == ""


def test_the_program_answers_with_next_to_nothing_imported(service_url: str, two: list[str], zone: str) -> None:
    typed = bash(f"roadstead hosts show {zone}", service_url)
    done = subprocess.run([PROGRAM], capture_output=True, text=True, env=typed, timeout=PATIENCE, check=True)
    assert (done.stdout.split(), done.stderr) == (two, "")
    code = "import sys; from roadstead.cli.main import main; main(); print(*{m.partition('.')[0] for m in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=typed, timeout=PATIENCE, check=True
    )
    assert not set(done.stdout.split()) & {"typer", "httpx", "rich", "yaml", "pydantic", "app"}


PATHS = [path for name in _COMMANDS if name != "serve" for path in leaves(_command(name), name)]
KINDS = {"HOST": HOSTS, "VM": VMS}


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_place_of_a_name_is_known(path: tuple[str, ...]) -> None:
    command: Any = _command(path[0])
    for name in path[1:]:
        command = command.commands[name]
    said = [each.metavar or "" for each in command.params if each.param_type_name == "argument" and not each.hidden]
    kinds = [KINDS.get(re.sub(r"\W.*", "", text.lstrip("["))) for text in said]
    expected = ARGUMENTS.get(path, ())
    assert [kind for kind in kinds if kind] == [kind for kind in expected if kind]
    for option in command.params:
        if option.param_type_name == "option" and not option.is_flag:
            assert set(option.opts) <= OPTIONS.keys(), option.opts
            assert {OPTIONS[name] for name in option.opts} == {KINDS.get(option.metavar or "")}
