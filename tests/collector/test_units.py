"""The systemd units and the command fit each other."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from roadstead.collector.command import main

DEPLOY = Path(__file__).parents[2] / "deploy"
SYSTEMD_ANALYZE = shutil.which("systemd-analyze") or ""


def settings(file: str) -> dict[str, str]:
    """The `NAME=value` lines of a file; of a name that is there more than once, the last."""
    lines = (DEPLOY / file).read_text().splitlines()
    return {name: value for name, equals, value in (line.partition("=") for line in lines) if equals}


def test_the_service_speaks_the_language_of_the_command(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = settings("roadstead-collect.service")["ExecStart"].replace("%d/token", "/dev/null")
    for name, value in settings("roadstead-collect.env").items():
        command = command.replace(f"${{{name}}}", value).replace(f"${name}", value)
    program, verb, *arguments = shlex.split(command)
    assert (Path(program).name, verb) == ("roadstead", "collect")
    assert main([*arguments, "--root", str(host), "--print"]) == 0
    assert json.loads(capsys.readouterr().out)["capabilities"]["discovery_hypercalls"] is True


def test_the_service_may_read_what_the_collector_reads() -> None:
    """PrivateDevices hides /dev/kvm and ProcSubset=pid hides /proc/sys; both would pass for unknown."""
    service = settings("roadstead-collect.service")
    assert not service.keys() & {"PrivateDevices", "ProcSubset"}
    assert service["DeviceAllow"] == "/dev/kvm r"


@pytest.mark.skipif(not SYSTEMD_ANALYZE, reason="this machine has no systemd")
def test_systemd_finds_no_fault_with_the_units(tmp_path: Path) -> None:
    service = (DEPLOY / "roadstead-collect.service").read_text()
    # systemd wants the program to be there.
    service = service.replace("/opt/roadstead/bin/roadstead", "/bin/true")
    (tmp_path / "roadstead-collect.service").write_text(service)
    shutil.copy(DEPLOY / "roadstead-collect.timer", tmp_path)
    units = sorted(tmp_path.iterdir())
    verified = subprocess.run([SYSTEMD_ANALYZE, "verify", *units], capture_output=True, check=False, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")


@pytest.mark.skipif(not SYSTEMD_ANALYZE, reason="this machine has no systemd")
def test_systemd_calls_the_exposure_low() -> None:
    """At most 2.0 of 10; the collector needs the network and one device, and nothing else."""
    security = [SYSTEMD_ANALYZE, "security", "--offline=true", "--threshold=20"]
    subprocess.run([*security, DEPLOY / "roadstead-collect.service"], capture_output=True, check=True)
