"""Sending, against a service on a real socket."""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.collector.command import main
from app.collector.sending import _pauses
from tests.collector.host_tree import GRAVITON2, write_host
from tests.collector.scripted_service import HANG_UP, Answer, ScriptedService, scripted_service

Collect = Callable[..., int]

NOT_FOUND = Answer(404, {"title": "Host not found", "status": 404, "code": "host_not_found"})
ALREADY_EXISTS = Answer(412, {"title": "Already exists", "status": 412, "code": "already_exists"})
REFUSED = Answer(
    422,
    {
        "type": "https://roadstead.example.net/problems/invalid_request",
        "title": "Invalid request",
        "status": 422,
        "detail": "The body is not a host.",
        "errors": [
            {"pointer": "/cpus/0/midr", "detail": "is not a register"},
            {"pointer": "/vmm", "detail": "is too long"},
        ],
    },
)
UNPROCESSABLE = f"422 {HTTPStatus(422).phrase}"
"""The phrase became another with RFC 9110, and so with Python 3.13."""


@pytest.fixture
def collect(host: Path, service: ScriptedService) -> Collect:
    """Run the command on the host, towards the service."""

    def run(*arguments: str) -> int:
        return main(["--root", str(host), "--server", service.url, *arguments])

    return run


# ------------------------------------------------------------------------------------ known and new hosts


def test_a_known_host_is_patched_with_what_was_observed_and_no_more(
    collect: Collect, service: ScriptedService, capsys: pytest.CaptureFixture[str]
) -> None:
    service.will_answer(Answer(200))
    assert collect("--label", "zone=fra1", "--state", "planned") == 0
    (request,) = service.received
    assert (request.method, request.path) == ("PATCH", "/v1/hosts/node-7.fra1.example.net")
    assert request.headers["Content-Type"] == "application/merge-patch+json"
    assert request.body.keys() == {"cpus", "capabilities", "kernel_release", "observed_at"}
    assert [group["cpu_list"] for group in request.body["cpus"]] == ["0-3"]
    assert request.body["capabilities"] == {"writable_id_registers": None}
    assert capsys.readouterr().out == "node-7.fra1.example.net updated\n"


def test_an_unknown_host_is_created_and_never_replaced(
    collect: Collect, service: ScriptedService, capsys: pytest.CaptureFixture[str]
) -> None:
    service.will_answer(NOT_FOUND, Answer(201))
    assert collect("--name", "h1", "--label", "zone=fra1", "--label", "rack=r=12", "--state", "planned") == 0
    patch, put = service.received
    assert (put.method, put.path) == ("PUT", "/v1/hosts/h1")
    assert put.headers["If-None-Match"] == "*"
    assert put.headers["Content-Type"] == "application/json"
    assert put.body["state"] == "planned"
    assert put.body["labels"] == {"zone": "fra1", "rack": "r=12"}
    assert put.body["cpus"] == patch.body["cpus"]
    assert put.body["observed_at"] == patch.body["observed_at"]
    assert capsys.readouterr().out == "h1 created\n"


def test_a_new_host_is_active_and_has_no_labels_by_default(collect: Collect, service: ScriptedService) -> None:
    service.will_answer(NOT_FOUND, Answer(201))
    assert collect() == 0
    assert (service.received[1].body["state"], service.received[1].body["labels"]) == ("active", {})


def test_a_host_that_somebody_creates_meanwhile_is_patched(
    collect: Collect, service: ScriptedService, capsys: pytest.CaptureFixture[str]
) -> None:
    service.will_answer(NOT_FOUND, ALREADY_EXISTS, Answer(200))
    assert collect("--name", "h1") == 0
    assert service.methods == ["PATCH", "PUT", "PATCH"]
    assert capsys.readouterr().out == "h1 updated\n"


def test_a_creation_whose_answer_was_lost_is_an_update(collect: Collect, service: ScriptedService) -> None:
    service.will_answer(NOT_FOUND, HANG_UP, ALREADY_EXISTS, Answer(200))
    assert collect() == 0
    assert service.methods == ["PATCH", "PUT", "PUT", "PATCH"]


def test_a_path_before_the_api_is_kept(host: Path, service: ScriptedService) -> None:
    service.will_answer(Answer(200))
    assert main(["--root", str(host), "--server", f"{service.url}/roadstead", "--name", "h1"]) == 0
    assert service.received[0].path == "/roadstead/v1/hosts/h1"


def test_an_incomplete_host_sends_nothing(tmp_path: Path, service: ScriptedService) -> None:
    write_host(tmp_path, {0: GRAVITON2, 1: None})
    assert main(["--root", str(tmp_path), "--server", service.url]) == 1
    assert not service.received


# ------------------------------------------------------------------------------------ refusals


def test_a_refusal_is_told_in_the_words_of_the_service(
    collect: Collect, service: ScriptedService, capsys: pytest.CaptureFixture[str]
) -> None:
    service.will_answer(REFUSED)
    assert collect("--name", "h1") == 1
    assert service.methods == ["PATCH"]
    out, err = capsys.readouterr()
    assert not out
    assert err.splitlines()[-1] == (
        f"roadstead collect: the service does not take the report of h1: {UNPROCESSABLE}."
        " Invalid request. The body is not a host. /cpus/0/midr: is not a register. /vmm: is too long"
    )


@pytest.mark.parametrize("status", [301, 400, 401, 403, 409, 500])
def test_other_answers_are_refusals_and_not_repeated(
    collect: Collect, service: ScriptedService, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    service.will_answer(Answer(status, headers={"Location": "http://127.0.0.1:1/elsewhere"}))
    assert collect() == 1
    assert len(service.received) == 1
    assert f": {status} " in capsys.readouterr().err


def test_a_service_without_such_a_path_refuses(collect: Collect, service: ScriptedService) -> None:
    service.will_answer(Answer(404), Answer(404))
    assert collect() == 1


@pytest.mark.parametrize(
    "problem",
    [
        {"title": 7, "detail": None, "errors": "many"},
        {"errors": ["a", None, 3, {"detail": "odd"}]},
        ["no", "object"],
        "{no JSON",
    ],
)
def test_odd_problem_details_are_no_reason_to_fall_over(
    collect: Collect, service: ScriptedService, capsys: pytest.CaptureFixture[str], problem: object
) -> None:
    service.will_answer(Answer(422, problem))
    assert collect() == 1
    assert UNPROCESSABLE in capsys.readouterr().err


# ------------------------------------------------------------------------------------ patience


@pytest.mark.parametrize("busy", [Answer(429), Answer(502), Answer(503), Answer(504), HANG_UP])
def test_a_busy_service_is_asked_again(collect: Collect, service: ScriptedService, busy: Answer) -> None:
    service.will_answer(busy, Answer(200))
    assert collect() == 0
    assert service.received[0] == service.received[1]


def test_retries_are_bounded(collect: Collect, service: ScriptedService, capsys: pytest.CaptureFixture[str]) -> None:
    service.will_answer(*[Answer(503, {"title": "Not ready", "detail": "The schema is stale."})] * 3)
    assert collect("--retries", "2") == 3
    assert len(service.received) == 3
    assert "is not available: 503 Service Unavailable. Not ready. The schema is stale" in capsys.readouterr().err


def test_retry_after_in_seconds_is_waited_for(collect: Collect, service: ScriptedService) -> None:
    service.will_answer(Answer(429, headers={"Retry-After": "1"}), Answer(200))
    started = time.monotonic()
    assert collect() == 0
    assert time.monotonic() - started >= 1


def test_retry_after_as_a_date_is_waited_for(collect: Collect, service: ScriptedService) -> None:
    # Dates have whole seconds, so this one is between one and two away.
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    busy = Answer(503, headers={"Retry-After": format_datetime(moment, usegmt=True)})
    service.will_answer(busy, Answer(200))
    assert collect() == 0
    assert datetime.now(UTC) >= moment


@pytest.mark.parametrize("retry_after", ["3600", "Fri, 31 Dec 2999 23:59:59 GMT"])
def test_a_service_that_wants_long_peace_is_left_in_peace(
    collect: Collect, service: ScriptedService, retry_after: str
) -> None:
    service.will_answer(Answer(503, headers={"Retry-After": retry_after}))
    assert collect() == 3
    assert len(service.received) == 1


@pytest.mark.parametrize("retry_after", ["", "soon", "-5", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_other_words_are_no_request_to_wait(collect: Collect, service: ScriptedService, retry_after: str) -> None:
    service.will_answer(Answer(503, headers={"Retry-After": retry_after}), Answer(200))
    assert collect() == 0


@pytest.mark.parametrize("retries", ["0", "1"])
def test_a_service_that_is_not_there(host: Path, retries: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert main(["--root", str(host), "--server", f"http://127.0.0.1:{port}", "--retries", retries]) == 3
    assert f":{port}/v1/hosts/node-7.fra1.example.net cannot be reached: " in capsys.readouterr().err


def test_a_name_that_no_machine_can_have_is_not_there(host: Path) -> None:
    assert main(["--root", str(host), "--server", "http://road..stead", "--retries", "0"]) == 3


@given(st.integers(0, 2000))
def test_pauses_grow_to_a_bound(count: int) -> None:
    pauses = list(_pauses(count))
    assert len(pauses) == count
    assert all(0 <= pause <= min(0.5 * 2 ** min(attempt, 10), 60) for attempt, pause in enumerate(pauses))


# ------------------------------------------------------------------------------------ credentials


def test_the_token_of_a_file_is_shown(collect: Collect, service: ScriptedService, tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    token_file.write_text("rsc1.c2VjcmV0\n")
    service.will_answer(Answer(200))
    assert collect("--token-file", str(token_file)) == 0
    assert service.received[0].headers["Authorization"] == "Bearer rsc1.c2VjcmV0"


def test_without_a_token_none_is_shown(collect: Collect, service: ScriptedService) -> None:
    service.will_answer(Answer(200))
    assert collect() == 0
    assert "Authorization" not in service.received[0].headers


@pytest.mark.parametrize("content", ["", "\n", "two tokens", "a\nb", "tök€n"])
def test_a_file_that_holds_no_token_is_refused(
    collect: Collect,
    service: ScriptedService,
    tmp_path: Path,
    content: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    token_file = tmp_path / "token"
    token_file.write_text(content)
    assert collect("--token-file", str(token_file)) == 2
    assert "does not hold a token" in capsys.readouterr().err
    assert not service.received


@pytest.mark.parametrize("option", ["--ca", "--client-cert"])
def test_a_file_that_holds_no_certificate_is_refused(
    collect: Collect, tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "certificate").write_text("none")
    assert collect(option, str(tmp_path / "certificate")) == 2
    assert "cannot prepare to send" in capsys.readouterr().err


@pytest.mark.parametrize("server", ["http://127.0.0.1:port", "http://[::1"])
def test_a_url_that_no_client_can_use_is_refused(host: Path, server: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(host), "--server", server]) == 2
    assert "cannot prepare to send: Invalid " in capsys.readouterr().err


OPENSSL = shutil.which("openssl")


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    """Certificate and key of 127.0.0.1, its own authority."""
    if OPENSSL is None:
        pytest.skip("this machine has no openssl to make certificates")
    paths = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    extensions = "subjectAltName=IP:127.0.0.1", "keyUsage=critical,digitalSignature,keyCertSign"
    subprocess.run(
        [OPENSSL, "req", "-x509", "-nodes", "-subj", "/CN=test", "-newkey", "ec"]
        + ["-pkeyopt", "ec_paramgen_curve:P-256", "-out", paths[0], "-keyout", paths[1]]
        + [part for extension in extensions for part in ("-addext", extension)],
        check=True,
        capture_output=True,
    )
    return paths


def test_both_sides_know_each_other_by_certificate(
    host: Path, certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=cert)
    tls.load_cert_chain(cert, key)
    tls.verify_mode = ssl.CERT_REQUIRED
    with scripted_service(tls) as service:
        service.will_answer(Answer(200))
        known = ["--ca", cert, "--client-cert", cert, "--client-key", key]
        assert main(["--root", str(host), "--server", service.url, *known]) == 0
    assert service.methods == ["PATCH"]


def test_a_service_of_unknown_authority_is_not_spoken_to(
    host: Path,
    certificate: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*certificate)
    with scripted_service(tls) as service:
        assert main(["--root", str(host), "--server", service.url, "--retries", "0"]) == 3
    assert "certificate verify failed" in capsys.readouterr().err
    assert not service.received
