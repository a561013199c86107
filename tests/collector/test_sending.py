"""Sending, against a service on a real socket."""

import json
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from roadstead.collector.command import main
from tests.collector.host_tree import GRAVITON2, write_host
from tests.failing_service import HANG_UP, FailingService, Heard, Scripted, failing_service, problem

Collect = Callable[..., int]

DONE = Scripted(200, {})
CREATED = Scripted(201, {})
NOT_FOUND = problem(404, "host_not_found")
ALREADY_EXISTS = problem(412, "already_exists")
MEDIA_TYPE = "application/problem+json"
REFUSED = Scripted(
    422,
    {
        "type": "https://roadstead.example.net/problems/invalid_request",
        "title": "Invalid request",
        "status": 422,
        "code": "invalid_request",
        "detail": "The body is not a host.",
        "errors": [
            {"pointer": "/cpus/0/midr", "detail": "is not a register"},
            {"pointer": "/vmm", "detail": "is too long"},
        ],
    },
    media_type=MEDIA_TYPE,
)


def body(request: Heard) -> Any:
    return json.loads(request.body)


def methods(service: FailingService) -> list[str]:
    return [request.method for request in service.heard]


@pytest.fixture
def collect(host: Path, service: FailingService) -> Collect:
    """Run the command on the host, towards the service."""

    def run(*arguments: str) -> int:
        return main(["--root", str(host), "--server", service.url, *arguments])

    return run


# ------------------------------------------------------------------------------------ known and new hosts


def test_a_known_host_is_patched_with_what_was_observed_and_no_more(
    collect: Collect, service: FailingService, capsys: pytest.CaptureFixture[str]
) -> None:
    service.will(DONE)
    assert collect("--label", "zone=fra1", "--state", "planned") == 0
    (request,) = service.heard
    assert (request.method, request.path) == ("PATCH", "/v1/hosts/node-7.fra1.example.net")
    assert request.headers["Content-Type"] == "application/merge-patch+json"
    assert body(request).keys() == {"cpus", "capabilities", "kernel_release", "observed_at"}
    assert [group["cpu_list"] for group in body(request)["cpus"]] == ["0-3"]
    assert body(request)["capabilities"] == {"writable_id_registers": None}
    assert capsys.readouterr().out == "node-7.fra1.example.net updated\n"


def test_warnings_of_the_service_are_told(
    collect: Collect, service: FailingService, capsys: pytest.CaptureFixture[str]
) -> None:
    service.will(Scripted(200, {"name": "h1", "warnings": [{"code": "odd", "detail": "look at it"}]}))
    assert collect("--name", "h1") == 0
    out, err = capsys.readouterr()
    assert out == "h1 updated\n"
    assert err.splitlines()[-1] == "roadstead collect: warning: h1: look at it [odd]"


def test_an_unknown_host_is_created_and_never_replaced(
    collect: Collect, service: FailingService, capsys: pytest.CaptureFixture[str]
) -> None:
    service.will(NOT_FOUND, CREATED)
    assert collect("--name", "h1", "--label", "zone=fra1", "--label", "rack=r=12", "--state", "planned") == 0
    patch, put = service.heard
    assert (put.method, put.path) == ("PUT", "/v1/hosts/h1")
    assert put.headers["If-None-Match"] == "*"
    assert put.headers["Content-Type"] == "application/json"
    assert body(put)["state"] == "planned"
    assert body(put)["labels"] == {"zone": "fra1", "rack": "r=12"}
    assert body(put)["cpus"] == body(patch)["cpus"]
    assert body(put)["observed_at"] == body(patch)["observed_at"]
    assert capsys.readouterr().out == "h1 created\n"


def test_a_new_host_is_active_and_has_no_labels_by_default(collect: Collect, service: FailingService) -> None:
    service.will(NOT_FOUND, CREATED)
    assert collect() == 0
    assert (body(service.heard[1])["state"], body(service.heard[1])["labels"]) == ("active", {})


def test_a_host_that_somebody_creates_meanwhile_is_patched(
    collect: Collect, service: FailingService, capsys: pytest.CaptureFixture[str]
) -> None:
    service.will(NOT_FOUND, ALREADY_EXISTS, DONE)
    assert collect("--name", "h1") == 0
    assert methods(service) == ["PATCH", "PUT", "PATCH"]
    assert capsys.readouterr().out == "h1 updated\n"


def test_a_creation_whose_answer_was_lost_is_an_update(collect: Collect, service: FailingService) -> None:
    service.will(NOT_FOUND, HANG_UP, ALREADY_EXISTS, DONE)
    assert collect() == 0
    assert methods(service) == ["PATCH", "PUT", "PUT", "PATCH"]


def test_a_path_before_the_api_is_kept(host: Path, service: FailingService) -> None:
    service.will(DONE)
    assert main(["--root", str(host), "--server", f"{service.url}/roadstead", "--name", "h1"]) == 0
    assert service.heard[0].path == "/roadstead/v1/hosts/h1"


def test_an_incomplete_host_sends_nothing(tmp_path: Path, service: FailingService) -> None:
    write_host(tmp_path, {0: GRAVITON2, 1: None})
    assert main(["--root", str(tmp_path), "--server", service.url]) == 1
    assert not service.heard


# ------------------------------------------------------------------------------------ refusals


def test_a_refusal_is_told_in_the_words_of_the_service(
    collect: Collect, service: FailingService, capsys: pytest.CaptureFixture[str]
) -> None:
    service.will(REFUSED)
    assert collect("--name", "h1") == 1
    assert methods(service) == ["PATCH"]
    out, err = capsys.readouterr()
    assert not out
    assert err.splitlines()[-1] == (
        "roadstead collect: the service does not take the report of h1: 422."
        " Invalid request. The body is not a host. /cpus/0/midr: is not a register. /vmm: is too long"
    )


@pytest.mark.parametrize(("status", "code"), [(400, "bad_request"), (401, "unauthenticated"), (409, "host_in_use")])
def test_other_refusals_are_not_repeated(
    collect: Collect, service: FailingService, capsys: pytest.CaptureFixture[str], status: int, code: str
) -> None:
    service.will(problem(status, code))
    assert collect() == 1
    assert len(service.heard) == 1
    assert f": {status}. " in capsys.readouterr().err


@pytest.mark.parametrize("status", [301, 302, 400, 401, 403, 404, 409])
def test_what_a_proxy_answers_is_neither_a_refusal_nor_repeated(
    collect: Collect, service: FailingService, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    service.will(Scripted(status, "<html>", {"Location": "http://127.0.0.1:1/login"}, "text/html"))
    assert collect() == 3
    assert len(service.heard) == 1
    told = capsys.readouterr().err
    assert f"{service.url}: what answers to PATCH " in told
    assert "which leads to http://127.0.0.1:1/login" in told


def test_a_service_without_such_a_path_was_not_asked(collect: Collect, service: FailingService) -> None:
    service.will(problem(404, "not_found"))
    assert collect() == 3
    assert methods(service) == ["PATCH"]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"code": "invalid_request", "title": 7, "detail": None, "errors": "many"}, 1),
        ({"code": "invalid_request", "errors": ["a", None, 3, {"detail": "odd"}]}, 1),
        ({"title": "of another service"}, 3),
        (["no", "object"], 3),
        ("{no JSON", 3),
    ],
)
def test_odd_problem_details_are_no_reason_to_fall_over(
    collect: Collect, service: FailingService, capsys: pytest.CaptureFixture[str], document: object, code: int
) -> None:
    service.will(Scripted(422, document, media_type=MEDIA_TYPE))
    assert collect() == code
    assert "422" in capsys.readouterr().err


# ------------------------------------------------------------------------------------ patience


@pytest.mark.parametrize("busy", [problem(503, "not_ready", Retry_After="1"), HANG_UP])
def test_a_busy_service_is_asked_again(collect: Collect, service: FailingService, busy: Scripted) -> None:
    service.will(busy, DONE)
    assert collect() == 0
    first, second = service.heard
    assert first == second


def test_retries_are_bounded(collect: Collect, service: FailingService, capsys: pytest.CaptureFixture[str]) -> None:
    service.will(*[problem(503, "not_ready")] * 3)
    assert collect("--retries", "2") == 3
    assert len(service.heard) == 3
    assert f"{service.url} is not available: 503. not ready. it is scripted" in capsys.readouterr().err


def test_a_service_that_fails_is_not_asked_again_and_has_refused_nothing(
    collect: Collect, service: FailingService
) -> None:
    service.will(problem(500, "internal_error"))
    assert collect() == 3
    assert len(service.heard) == 1


@pytest.mark.parametrize("retries", ["0", "1"])
def test_a_service_that_is_not_there(host: Path, retries: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert main(["--root", str(host), "--server", f"http://127.0.0.1:{port}", "--retries", retries]) == 3
    assert f"http://127.0.0.1:{port}: the service cannot be reached: " in capsys.readouterr().err


def test_a_name_that_no_machine_can_have_is_not_there(host: Path) -> None:
    assert main(["--root", str(host), "--server", "http://road..stead", "--retries", "0"]) == 3


# ------------------------------------------------------------------------------------ the environment


def test_what_the_other_commands_take_from_the_environment_it_takes_too(
    host: Path, service: FailingService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token_file = tmp_path / "token"
    token_file.write_text("abc\n")
    monkeypatch.setenv("ROADSTEAD_SERVER", service.url)
    monkeypatch.setenv("ROADSTEAD_TOKEN_FILE", str(token_file))
    monkeypatch.setenv("ROADSTEAD_RETRIES", "0")
    service.will(DONE, HANG_UP)
    assert main(["--root", str(host)]) == 0
    assert service.heard[0].headers["Authorization"] == "Bearer abc"
    assert main(["--root", str(host)]) == 3
    assert len(service.heard) == 2


def test_an_option_wins_over_the_environment(
    collect: Collect, service: FailingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADSTEAD_SERVER", "no address")
    service.will(DONE)
    assert collect() == 0


def test_what_is_only_printed_needs_none_of_it(
    host: Path, service: FailingService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROADSTEAD_SERVER", service.url)
    monkeypatch.setenv("ROADSTEAD_TOKEN_FILE", "no such file")
    assert main(["--root", str(host), "--print"]) == 0
    assert json.loads(capsys.readouterr().out)["cpus"]
    assert not service.heard
    assert main(["--root", str(host)]) == 2


def test_a_setting_that_is_no_address_is_usage(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADSTEAD_SERVER", "roadstead.example.net")
    with pytest.raises(SystemExit) as ended:
        main(["--root", str(host)])
    assert ended.value.code == 2


# ------------------------------------------------------------------------------------ credentials


def test_the_token_of_a_file_is_shown(collect: Collect, service: FailingService, tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    token_file.write_text("rsc1.c2VjcmV0\n")
    service.will(DONE)
    assert collect("--token-file", str(token_file)) == 0
    assert service.heard[0].headers["Authorization"] == "Bearer rsc1.c2VjcmV0"


def test_without_a_token_none_is_shown(collect: Collect, service: FailingService) -> None:
    service.will(DONE)
    assert collect() == 0
    assert "Authorization" not in service.heard[0].headers


@pytest.mark.parametrize("content", ["", "\n", "two tokens", "a\nb", "tök€n"])
def test_a_file_that_holds_no_token_is_refused(
    collect: Collect,
    service: FailingService,
    tmp_path: Path,
    content: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    token_file = tmp_path / "token"
    token_file.write_text(content)
    assert collect("--token-file", str(token_file)) == 2
    assert "cannot prepare to send: a token is made of visible ASCII characters" in capsys.readouterr().err
    assert not service.heard


def test_a_token_file_that_is_none_is_refused(
    collect: Collect, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert collect("--token-file", str(tmp_path)) == 2
    assert "the token cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--ca", "--client-cert"])
def test_a_file_that_holds_no_certificate_is_refused(
    host: Path, tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "certificate").write_text("none")
    assert main(["--root", str(host), "--server", "https://h", option, str(tmp_path / "certificate")]) == 2
    assert "cannot prepare to send" in capsys.readouterr().err


@pytest.mark.parametrize("server", ["http://127.0.0.1:port", "http://[::1"])
def test_a_url_that_no_client_can_use_is_refused(host: Path, server: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(host), "--server", server]) == 2
    assert "is no http or https URL" in capsys.readouterr().err


def test_both_sides_know_each_other_by_certificate(host: Path, certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=cert)
    tls.load_cert_chain(cert, key)
    tls.verify_mode = ssl.CERT_REQUIRED
    with failing_service(tls) as service:
        service.will(DONE)
        known = ["--ca", str(cert), "--client-cert", str(cert), "--client-key", str(key)]
        assert main(["--root", str(host), "--server", service.url, *known]) == 0
        assert methods(service) == ["PATCH"]
