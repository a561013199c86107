"""How commands end: exit codes, and what is said on standard error."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import CommandLine
from tests.collector.host_tree import GRAVITON2, write_host
from tests.failing_service import HANG_UP, FailingService, Scripted, failing_service, problem

NOBODY = "http://127.0.0.1:9"
HOST = Scripted(200, {"items": [], "next_cursor": None, "fleet_revision": 1})


@pytest.fixture
def failing() -> Iterator[FailingService]:
    with failing_service() as service:
        yield service


@pytest.mark.parametrize(
    "arguments",
    [
        ["hosts", "show"],
        ["hosts", "state", "h1", "sold"],
        ["hosts", "list", "--colour"],
        ["hosts", "list", "--limit", "-1"],
        ["hosts", "import", "no-such-file"],
        ["vms", "explain", "vm-1"],
        ["vms", "fly", "vm-1"],
        ["vm"],
        ["hosts", "list", "--output", "xml"],
        ["hosts", "list", "--server", "roadstead.example.net"],
        ["hosts", "list", "--token-file", "no-such-file"],
        ["hosts", "list", "--server", "https://h", "--ca", "no-such-file"],
    ],
)
def test_usage(roadstead: CommandLine, arguments: list[str]) -> None:
    done = roadstead(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "Error: " in done.err


def test_a_service_that_is_not_there(roadstead: CommandLine) -> None:
    done = roadstead("hosts", "list", "--server", NOBODY, "--retries", 0)
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("roadstead: the service cannot be reached: ")
    assert done.err.endswith(f"({NOBODY})\n")


@pytest.mark.parametrize(
    ("scripted", "code"),
    [
        (HOST, 0),
        (problem(404, "host_not_found"), 1),
        (problem(409, "host_in_use"), 1),
        (problem(422, "invalid_request"), 1),
        (problem(401, "unauthenticated"), 1),
        (problem(500, "internal_error"), 3),
        (problem(503, "database_unavailable"), 3),
        (problem(404, "not_found"), 3),
        (Scripted(502, "<html>", {}, "text/html"), 3),
        (Scripted(302, None, {"Location": "https://sso.example.net"}), 3),
        (Scripted(401, "<html>", {}, "text/html"), 3),
        (Scripted(403, {"error": "forbidden"}), 3),
        (Scripted(404, "<html>", {}, "text/html"), 3),
        (Scripted(404, {"title": "of another service"}, {}, "application/problem+json"), 3),
        (Scripted(200, "<html>", {}, "text/html"), 3),
        (HANG_UP, 3),
    ],
)
def test_exit_codes_tell_no_from_no_answer(
    roadstead: CommandLine, failing: FailingService, scripted: Scripted, code: int
) -> None:
    failing.will(scripted)
    done = roadstead("--server", failing.url, "--retries", 0, "hosts", "list")
    assert done.code == code
    assert done.err.startswith("roadstead: ") is bool(code)


@pytest.mark.parametrize("order", [["--server", "URL", "collect"], ["collect", "--server", "URL"], ["collect"]])
def test_the_collector_reports_to_the_service_that_is_named(
    roadstead: CommandLine, failing: FailingService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: list[str]
) -> None:
    root = write_host(tmp_path, {0: GRAVITON2})
    monkeypatch.setenv("ROADSTEAD_SERVER", NOBODY if "URL" in order else failing.url)
    failing.will(Scripted(200, {}))
    arguments = [failing.url if each == "URL" else each for each in order]
    done = roadstead(*arguments, "--root", root, "--name", "h1")
    assert (done.code, done.out) == (0, "h1 updated\n")
    assert [each.method for each in failing.heard] == ["PATCH"]


def test_a_call_is_repeated_before_it_is_given_up(roadstead: CommandLine, failing: FailingService) -> None:
    failing.will(HANG_UP, HOST)
    assert roadstead("hosts", "list", "--server", failing.url).code == 0
    assert len(failing.heard) == 2


def test_programs_get_problems_as_json(asking: CommandLine, roadstead: CommandLine) -> None:
    refused = asking("hosts", "show", "h99", "--output", "json")
    assert (refused.code, refused.out) == (1, "")
    told = json.loads(refused.err)
    assert (told["code"], told["status"], told["detail"]) == ("host_not_found", 404, "there is no host 'h99'")
    lost = roadstead("hosts", "show", "h99", "-o", "json", "--server", NOBODY, "--retries", "0")
    assert (lost.code, json.loads(lost.err)["code"]) == (3, "unreachable")


def test_an_answer_in_words_names_the_request(asking: CommandLine) -> None:
    sentence, request = asking("hosts", "show", "h99").err.splitlines()
    assert sentence == "roadstead: there is no host 'h99' [host_not_found]"
    assert request.startswith("  request ")


def test_markup_of_a_name_is_nothing_but_a_name(asking: CommandLine) -> None:
    assert asking("hosts", "show", "[red]").err.startswith("roadstead: ")


def test_an_option_holds_wherever_it_stands_and_the_last_one_wins(
    roadstead: CommandLine, failing: FailingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = ("--server", failing.url)
    failing.will(*[HOST] * 4)
    assert roadstead(*here, "hosts", "list").code == 0
    assert roadstead("hosts", "list", *here).code == 0
    assert roadstead("--server", NOBODY, "hosts", "list", *here).code == 0
    monkeypatch.setenv("ROADSTEAD_SERVER", NOBODY)
    assert roadstead(*here, "hosts", "list").code == 0
    assert len(failing.heard) == 4


def test_all_options_come_from_the_environment_too(
    roadstead: CommandLine, failing: FailingService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("abc.def\n")
    monkeypatch.setenv("ROADSTEAD_SERVER", failing.url)
    monkeypatch.setenv("ROADSTEAD_TOKEN_FILE", str(token))
    monkeypatch.setenv("ROADSTEAD_OUTPUT", "json")
    monkeypatch.setenv("ROADSTEAD_RETRIES", "0")
    failing.will(HOST, HANG_UP)
    assert roadstead("hosts", "list").out == "[]\n"
    assert failing.heard[0].headers["Authorization"] == "Bearer abc.def"
    assert roadstead("hosts", "list").code == 3


def test_what_is_sent_to_an_unanswering_service_from_standard_input_is_not_sent_twice(
    roadstead: CommandLine, failing: FailingService, tmp_path: Path
) -> None:
    path = tmp_path / "fleet.ndjson"
    path.write_text("{}\n")
    failing.will(HANG_UP, problem(422, "invalid_import"))
    assert roadstead("hosts", "import", path, "--server", failing.url).code == 1
    first, second = failing.heard
    assert first.body == second.body == b"{}\n"
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
