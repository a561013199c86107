"""`--watch`: the answer whenever it has changed, until Ctrl-C."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from demo.service import PROGRAM
from roadstead.client import Client, Server, hosts
from tests.api.talk import N1
from tests.cli.program import CommandLine
from tests.client.inputs import host
from tests.failing_service import Scripted, failing_service, problem
from tests.waiting import PATIENCE

HOST = {"vm": "vm-1", "host": "h2", "fleet_revision": 1, "reasons": [], "admissible": True}


@contextmanager
def watching(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [PROGRAM, *arguments, "--watch", "--interval", "0.1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "100"},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def interrupted(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def test_what_changes_is_shown_until_ctrl_c(service_url: str, zone: str) -> None:
    with Client(Server(service_url)) as client:
        client.ask(hosts.write(zone, host(N1, labels={"zone": zone})))
        with watching("hosts", "list", "-l", f"zone={zone}", "--server", service_url) as process:
            assert process.stdout
            assert process.stdout.readline().startswith("NAME")
            assert process.stdout.readline().split()[:2] == [zone, "active"]
            client.ask(hosts.edit(zone, {"state": "cordoned"}))
            assert process.stdout.readline().startswith("NAME")
            assert process.stdout.readline().split()[:2] == [zone, "cordoned"]
            assert interrupted(process) == (130, "", "")


def test_neither_a_no_nor_a_failure_ends_it() -> None:
    no, yes = Scripted(200, {**HOST, "eligible": False}), Scripted(200, {**HOST, "eligible": True})
    with failing_service() as service:
        service.will(no, no, problem(500, "internal_error"), problem(500, "internal_error"), *[yes] * 10_000)
        arguments = ("vms", "targets", "vm-1", "--host", "h2", "--retries", "0", "--server", service.url)
        with watching(*arguments) as process:
            assert process.stdout
            assert process.stdout.readline().startswith("vm-1 cannot move to h2")
            assert process.stdout.readline().startswith("vm-1 may move to h2")
            code, out, err = interrupted(process)
    assert (code, out, err.count("[internal_error]")) == (130, "", 1)


@pytest.mark.parametrize("arguments", [("vms", "stop", "vm-1"), ("hosts", "history", "h1")])
def test_only_what_only_asks_is_watched(roadstead: CommandLine, arguments: tuple[str, ...]) -> None:
    done = roadstead(*arguments, "--watch")
    assert (done.code, "No such option: --watch" in done.err) == (2, True)
