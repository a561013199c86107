"""The demo, started as a newcomer starts it: what it prints works as printed."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from demo.fleet import LATECOMER, hosts
from demo.tour import TOUR
from demo.vms import BATCH, CACHE, VMS, WEB

ROOT = Path(__file__).parents[1]
PATIENCE = 60
CALLS = [call for chapter in TOUR for call in chapter.calls]
COMMAND = re.compile(r"^(id=.*|echo .*)?roadstead \w")
STATUSES = [call.status for call in CALLS]


def demo(*arguments: str) -> list[str]:
    return [sys.executable, "-u", "-m", "demo", *arguments]


@dataclass(frozen=True, slots=True)
class RunningDemo:
    process: subprocess.Popen[str]
    base_url: str
    printed: list[str]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    data = tmp_path_factory.mktemp("demo")
    command = demo("--port", "0", "--data", str(data))
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        printed = []
        for line in process.stdout:
            printed.append(line.rstrip("\n"))
            if line.startswith("Ctrl-C"):
                break
        found = re.search(r"http://\S+?:\d+", printed[0])
        assert found, printed
        yield RunningDemo(process, found[0], printed)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{found[0]}/healthz", trust_env=False)


def test_once_makes_every_printed_call_and_ends() -> None:
    done = subprocess.run(
        demo("--once", "--port", "0"), cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    answers = [line.split()[1:3] for line in done.stdout.splitlines() if line.startswith("→")]
    assert len(answers) == len(CALLS)
    for call, (status, code) in zip(CALLS, answers, strict=True):
        assert int(status) == call.status
        assert (code.rstrip(":") == call.code) if call.code else status.startswith("2")


def test_a_few_calls_are_refused_on_purpose() -> None:
    assert Counter(call.code for call in CALLS if call.code) == {"not_a_target": 1, "boot_refused": 1}


@pytest.mark.skipif(shutil.which("curl") is None, reason="the printed calls are made with curl")
def test_printed_calls_work_in_a_shell_and_can_be_repeated(running: RunningDemo, tmp_path: Path) -> None:
    # The same calls with the command line have a test of their own.
    lines = [line for line in running.printed if not COMMAND.search(line)]
    # Each answer's header goes to a file of its own, beside what the printed call does.
    noting = 'curl() { command curl --dump-header "$(mktemp "$HEADERS/$(date +%s%N)-XXXXXX")" "$@"; }\n'
    script = noting + "\n".join(line for line in lines if not line.startswith(("Roadstead", "The", "Ctrl-C")))
    for attempt in ("first", "second"):
        headers = tmp_path / attempt
        headers.mkdir()
        done = subprocess.run(
            ["sh", "-e"],
            input=script,
            env=os.environ | {"HEADERS": str(headers)},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert not done.stderr
        assert [int(each.read_text().split()[1]) for each in sorted(headers.iterdir())] == STATUSES


def test_printed_commands_do_the_same(running: RunningDemo, tmp_path: Path) -> None:
    exports = [line for line in running.printed if line.startswith("export ")]
    commands = [line for line in running.printed if COMMAND.search(line)]
    codes = tmp_path / "codes"
    done = subprocess.run(
        ["sh"],
        input="\n".join([*exports, *(f'{command}\necho "$?" >>"$CODES"' for command in commands)]),
        env=os.environ | {"CODES": str(codes)},
        capture_output=True,
        text=True,
        timeout=len(commands) * PATIENCE,
        check=False,
    )
    assert [bool(int(code)) for code in codes.read_text().split()] == [call.no for call in CALLS], done.stderr
    assert f"{WEB.name} cannot move to {LATECOMER}" in done.stdout


def test_vms_are_in_every_state(running: RunningDemo) -> None:
    vms = httpx.get(f"{running.base_url}/v1/vms", trust_env=False).json()["items"]
    assert len(vms) == len(VMS)
    assert {vm["state"] for vm in vms} == {"defined", "running", "migrating"}
    assert {vm["mode"] for vm in vms} == {None, "discoverable", "homogeneous"}
    assert [vm["name"] for vm in vms if vm["exposed"]] == [CACHE.name]
    assert [vm["accepted_hazards"] for vm in vms if vm["accepted_hazards"]] == [["ARM64_HAS_BBML3"]]


def test_readme_quotes_what_the_demo_answers(running: RunningDemo) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    with httpx.Client(base_url=running.base_url, trust_env=False) as client:
        (reason,) = client.get(f"/v1/vms/{WEB.name}/targets/{LATECOMER}").json()["reasons"]
        asked = {**BATCH.definition, "host": "fra1-r01-n02"}
        del asked["resources"]
        sealed = client.post("/v1/placements:preview", json=asked).json()["implementation_list"]
    for field in ("code", "detail", "remedy"):
        assert f'"{field}": "{reason[field]}"' in readme
    quoted = re.findall(r'"index": \d, "midr": "(\w+)", "revidr": "(\w+)", …, "name": "([^"]+)"', readme)
    assert quoted == [(each["midr"], each["revidr"], each["name"]) for each in sealed["implementations"]]
    left_out = re.findall(r'"midr": "(\w+)", …, "name": "[^"]+"}, "hosts": (\d+)', readme)
    assert left_out == [(each["implementation"]["midr"], str(each["hosts"])) for each in sealed["left_out"]]


def test_hosts_are_in_every_state(running: RunningDemo) -> None:
    items = httpx.get(f"{running.base_url}/v1/hosts", params={"limit": 1000}, trust_env=False).json()["items"]
    assert {host["state"] for host in items} == {"planned", "active", "cordoned", "maintenance", "retired"}
    assert [host["name"] for host in items if not host["identity_complete"]] == ["fra1-r03-n18"]


def test_the_fleet_is_the_same_every_time() -> None:
    fleet = list(hosts())
    assert fleet == list(hosts())
    assert len(fleet) == len({host["name"] for host in fleet}) == 397


def to_the_group(demo: psutil.Process, _: psutil.Process, signal_: signal.Signals) -> None:
    """As Ctrl-C in a terminal and the closing of a terminal do."""
    os.killpg(demo.pid, signal_)


def to_the_service(_: psutil.Process, service: psutil.Process, signal_: signal.Signals) -> None:
    service.send_signal(signal_)


def to_the_service_first(demo: psutil.Process, service: psutil.Process, signal_: signal.Signals) -> None:
    """The demo learns of both at once: that the service has ended, and that it must end itself."""
    demo.suspend()
    service.send_signal(signal_)
    while service.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.02)
    demo.send_signal(signal_)
    demo.resume()


def twice(demo: psutil.Process, _: psutil.Process, signal_: signal.Signals) -> None:
    demo.send_signal(signal_)
    demo.send_signal(signal_)


@pytest.mark.parametrize("send", [to_the_group, to_the_service, to_the_service_first, twice])
@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_demo_and_its_service(
    signal_: signal.Signals, send: Callable[[psutil.Process, psutil.Process, signal.Signals], None]
) -> None:
    # In a session of its own, as in a terminal.
    with subprocess.Popen(
        demo("--port", "0"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        lines = list(iter(process.stdout.readline, "Ctrl-C ends the demo.\n"))
        (service,) = psutil.Process(process.pid).children()
        send(psutil.Process(process.pid), service, signal_)
        said, faults = process.communicate(timeout=PATIENCE)
        assert (process.returncode, faults) == (0, "")
        assert "The demo has ended." in said
        assert not service.is_running()
    data = lines[0].rstrip().rstrip(".").rpartition(" ")[2]
    assert not Path(data).exists()


def test_a_service_that_dies_is_told() -> None:
    with subprocess.Popen(
        demo("--port", "0"), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        list(iter(process.stdout.readline, "Ctrl-C ends the demo.\n"))
        (service,) = psutil.Process(process.pid).children()
        service.kill()
        assert "the service ended with -9" in process.communicate(timeout=PATIENCE)[1]
        assert process.returncode == 1


def test_says_so_where_the_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            demo("--port", str(port)), cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"demo: port {port} cannot be used")
