"""`roadstead collect` without a service: what it prints, and how it ends."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from roadstead.collector.command import EXIT_CODES, main
from roadstead.collector.failures import CollectorFailure
from tests.collector.host_tree import GRAVITON2, PHONE, register_file, write_host


def test_prints_the_report_of_a_tree(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(host)]) == 0
    printed = json.loads(capsys.readouterr().out)
    observed_at = datetime.fromisoformat(printed.pop("observed_at"))
    assert timedelta(0) <= datetime.now(UTC) - observed_at < timedelta(minutes=1)
    assert printed == {
        "cpus": [
            {
                "cpu_list": "0-3",
                "midr": "0x00000000413fd0c1",
                "revidr": "0x00000000000000ff",
                "aidr": "0x0000000000000000",
            }
        ],
        "capabilities": {"writable_id_registers": None, "discovery_hypercalls": None},
        "kernel_release": "6.17.3-arm64",
    }


def test_print_wins_over_a_server(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(host), "--print", "--server", "http://127.0.0.1:1"]) == 0
    assert json.loads(capsys.readouterr().out)["cpus"]


@pytest.mark.parametrize(("word", "told"), [("yes", True), ("no", False)])
def test_what_a_host_does_not_show_can_be_told(
    host: Path, capsys: pytest.CaptureFixture[str], word: str, *, told: bool
) -> None:
    main(["--root", str(host), "--discovery-hypercalls", word, "--vmm", "cloud-hypervisor 48.0"])
    printed = json.loads(capsys.readouterr().out)
    assert printed["capabilities"]["discovery_hypercalls"] is told
    assert printed["vmm"] == "cloud-hypervisor 48.0"


def test_says_what_stays_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(write_host(tmp_path, PHONE))]) == 0
    first, second = capsys.readouterr().err.splitlines()
    assert "AIDR_EL1 was not read" in first
    assert "KVM could not be asked" in second


@pytest.mark.skipif(not os.access("/dev/kvm", os.R_OK), reason="this machine has no KVM to ask")
def test_asks_the_kvm_of_the_tree(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (host / "dev").mkdir()
    (host / "dev/kvm").symlink_to("/dev/kvm")
    assert main(["--root", str(host)]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["capabilities"]["writable_id_registers"] in {True, False}
    assert not err


def test_an_offline_cpu_ends_the_run_with_nothing_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_host(tmp_path, {0: GRAVITON2, 1: None, 2: GRAVITON2})
    assert main(["--root", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("roadstead collect: no registers of CPU 1: an offline CPU shows none")


def test_a_malformed_register_ends_the_run(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    register_file(host, 2, "aidr").write_text("")
    assert main(["--root", str(host)]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert "cpu2/regs/identification/aidr_el1 holds ''" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--server", "roadstead.example.net"], "is no http or https URL"),
        (["--server", "ftp://roadstead.example.net"], "is no http or https URL"),
        (["--server", "http://"], "is no http or https URL"),
        (["--label", "zone"], "'zone' is not KEY=VALUE"),
        (["--label", "=fra1"], "'=fra1' is not KEY=VALUE"),
        (["--state", "sold"], "invalid choice: 'sold'"),
        (["--discovery-hypercalls", "maybe"], "invalid choice: 'maybe'"),
        (["--retries", "-1"], "'-1' is not a number of times"),
        (["--token-file", "/no/such/token"], "'/no/such/token' cannot be read"),
        (["--client-key", "/dev/null"], "--client-key needs --client-cert"),
        (["--serv", "http://127.0.0.1"], "unrecognized arguments"),
    ],
)
def test_usage(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("name", ["Node-7", "a_b", "-a", "a.", "..", "a/b", "x" * 254])
def test_a_name_the_service_cannot_have_is_refused_here(
    host: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(host), "--server", "http://127.0.0.1:1", f"--name={name}"]) == 2
    assert "is no name for a host" in capsys.readouterr().err


def test_a_host_without_a_name_must_be_given_one(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (host / "proc/sys/kernel/hostname").unlink()
    assert main(["--root", str(host), "--server", "http://127.0.0.1:1"]) == 2
    assert "give one with --name" in capsys.readouterr().err


def test_every_failure_has_an_exit_code() -> None:
    assert EXIT_CODES.keys() == set(CollectorFailure.__subclasses__())


def test_help_documents_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    codes = capsys.readouterr().out.partition("exit codes:")[2]
    assert {int(line.split()[0]) for line in codes.splitlines() if line} == {0, *EXIT_CODES.values()}


# ------------------------------------------------------------------------------------ as a program


def test_runs_as_a_module(host: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "roadstead.collector", "--root", host], capture_output=True, check=True, text=True
    )
    assert json.loads(run.stdout)["kernel_release"] == "6.17.3-arm64"


HEAVY = {"fastapi", "httpx", "pydantic", "rich", "sqlalchemy", "typer"}


@pytest.mark.parametrize(
    ("module", "allowed", "parts"),
    [
        ("roadstead.collector.command", set(), {"collector"}),
        ("roadstead.collector.sending", {"httpx", "rich"}, {"collector", "client"}),
    ],
)
def test_imports_nothing_heavy_and_nothing_of_the_service(module: str, allowed: set[str], parts: set[str]) -> None:
    """Sending needs httpx, which imports rich where that is installed."""
    program = f"import sys, {module}; print(*sys.modules, sep='\\n')"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    modules = run.stdout.splitlines()
    assert not HEAVY.intersection(modules) - allowed
    assert {name.split(".")[1] for name in modules if name.startswith("roadstead.")} == parts
    assert "app" not in modules
