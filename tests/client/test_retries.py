"""Repetition over a real socket, by both clients."""

from collections.abc import Iterator
from importlib.metadata import version

import pytest

from roadstead.client import Problem, Retries, Retry, Server, Unreachable, hosts, migrations
from tests.client.asking import Asker, Kind, asker
from tests.failing_service import HANG_UP, FailingService, Scripted, problem

HOST = Scripted(200, {"name": "h1"})


def test_a_call_gets_through_in_the_end(stubborn: Asker, failing: FailingService) -> None:
    failing.will(HANG_UP, problem(503, "database_unavailable", Retry_After="0"), problem(429, "busy"), HOST)
    assert stubborn.ask(hosts.read("h1"))["name"] == "h1"
    assert [heard.path for heard in failing.heard] == ["/v1/hosts/h1"] * 4


def test_the_last_refusal_is_told(stubborn: Asker, failing: FailingService) -> None:
    failing.will(HANG_UP, HANG_UP, HANG_UP, problem(503, "database_unavailable"))
    with pytest.raises(Problem) as refused:
        stubborn.ask(hosts.read("h1"))
    assert (refused.value.code, refused.value.undecided) == ("database_unavailable", True)


def test_a_service_that_never_answers_is_unreachable(stubborn: Asker, failing: FailingService) -> None:
    failing.will(*[HANG_UP] * 4)
    with pytest.raises(Unreachable, match="the service cannot be reached"):
        stubborn.ask(hosts.read("h1"))
    assert len(failing.heard) == 4


def test_refusals_are_not_repeated(stubborn: Asker, failing: FailingService) -> None:
    failing.will(problem(409, "host_in_use"))
    with pytest.raises(Problem, match="it is scripted"):
        stubborn.ask(hosts.remove("h1"))
    assert len(failing.heard) == 1


def test_all_tries_of_a_post_have_one_key(stubborn: Asker, failing: FailingService) -> None:
    failing.will(HANG_UP, problem(502, "gateway"), Scripted(201, {"id": "4a"}), Scripted(201, {"id": "4b"}))
    assert stubborn.ask(migrations.admit("vm-1", "h2"))["id"] == "4a"
    stubborn.ask(migrations.admit("vm-1", "h2"))
    first, second, third, other = (heard.headers["Idempotency-Key"] for heard in failing.heard)
    assert first == second == third != other
    assert {heard.body for heard in failing.heard} == {b'{"target": "h2"}'}


def test_a_streamed_body_is_sent_from_its_beginning_each_time(stubborn: Asker, failing: FailingService) -> None:
    def lines() -> Iterator[bytes]:
        yield b'{"name": "h1"}\n'
        yield b'{"name": "h2"}\n'

    failing.will(problem(503, "database_unavailable"), Scripted(200, {"created": 2}))
    assert stubborn.ask(hosts.take_in(lines))["created"] == 2
    assert [heard.body for heard in failing.heard] == [b'{"name": "h1"}\n{"name": "h2"}\n'] * 2
    assert failing.heard[0].headers["Content-Type"] == "application/x-ndjson"


def test_what_goes_wrong_while_a_body_is_read_is_not_taken_for_a_lost_service(
    stubborn: Asker, failing: FailingService
) -> None:
    def lines() -> Iterator[bytes]:
        yield b"{}\n"
        raise LookupError

    with pytest.raises(LookupError):
        stubborn.ask(hosts.take_in(lines))


def test_each_repetition_is_told(kind: Kind, failing: FailingService) -> None:
    told: list[Retry] = []
    failing.will(HANG_UP, problem(503, "database_unavailable", Retry_After="0"), HOST)
    with asker(kind, Server(failing.url, retries=Retries(3, 0.001, told=told.append))) as client:
        client.ask(hosts.read("h1"))
    assert [(each.attempt, each.call.path) for each in told] == [(2, "v1/hosts/h1"), (3, "v1/hosts/h1")]
    assert all(0 <= each.wait <= 0.002 for each in told)
    lost, busy = (each.cause for each in told)
    assert isinstance(lost, Unreachable)
    assert isinstance(busy, Problem)
    assert busy.kind == "database_unavailable"


def test_the_last_failure_is_raised_and_not_told(kind: Kind, failing: FailingService) -> None:
    told: list[Retry] = []
    failing.will(HANG_UP, HANG_UP)
    with (
        asker(kind, Server(failing.url, retries=Retries(1, 0.001, told=told.append))) as client,
        pytest.raises(Unreachable),
    ):
        client.ask(hosts.read("h1"))
    assert [each.attempt for each in told] == [2]


def test_nobody_listens(kind: Kind) -> None:
    with (
        asker(kind, Server("http://127.0.0.1:9", retries=Retries(1, 0.001))) as client,
        pytest.raises(Unreachable, match="cannot be reached"),
    ):
        client.ask(hosts.read("h1"))


def test_who_asks_is_said(kind: Kind, failing: FailingService) -> None:
    failing.will(HOST)
    with asker(kind, Server(f"{failing.url}/behind/it", token="abc.def")) as client:
        client.ask(hosts.read("h1"))
    (heard,) = failing.heard
    assert heard.path == "/behind/it/v1/hosts/h1"
    assert heard.headers["Authorization"] == "Bearer abc.def"
    assert heard.headers["User-Agent"] == f"roadstead-client/{version('roadstead')}"
