"""The course of a call, decided without sending anything."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadstead.client import Answer, Call, Problem, Retries, Unreachable, boots, hosts, implementation_lists, vms
from roadstead.client.calls import Received
from roadstead.client.exchange import Exchange, Pause

GOOD = Received(200, {"etag": '"1"', "x-request-id": "r"}, b'{"name": "h1"}')
LOST = OSError("gone")


def problem(status: int, **headers: str) -> Received:
    named = {"content-type": "application/problem+json", **headers}
    return Received(status, named, b'{"code": "some_code"}')


def test_an_answer_comes_with_what_stands_beside_it() -> None:
    answer = Exchange(hosts.read("h1"), Retries()).received(GOOD)
    assert isinstance(answer, Answer)
    assert (answer.value["name"], answer.created, answer.etag, answer.request_id) == ("h1", False, '"1"', "r")


@given(st.integers(0, 20), st.floats(0, 100), st.floats(0, 100))
def test_pauses_are_as_many_as_asked_and_never_longer_than_allowed(count: int, first: float, longest: float) -> None:
    pauses = list(Retries(count, first, longest).pauses())
    assert len(pauses) == count
    for repetition, pause in enumerate(pauses):
        assert 0 <= pause <= min(longest, first * 2**repetition)


def test_pauses_are_random() -> None:
    assert len({next(Retries().pauses()) for _ in range(10)}) == 10


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_service_is_asked_again_until_the_tries_are_used_up(status: int) -> None:
    exchange = Exchange(hosts.read("h1"), Retries(count=2))
    busy = problem(status)
    assert isinstance(exchange.received(busy), Pause)
    assert isinstance(exchange.lost(LOST), Pause)
    with pytest.raises(Problem) as refused:
        exchange.received(busy)
    assert refused.value.status == status
    assert refused.value.undecided


@pytest.mark.parametrize("status", [400, 401, 404, 409, 412, 422, 500])
def test_other_refusals_are_final(status: int) -> None:
    exchange = Exchange(hosts.read("h1"), Retries())
    with pytest.raises(Problem) as refused:
        exchange.received(problem(status))
    assert refused.value.code == "some_code"
    assert refused.value.undecided is (status == 500)


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 409, 412, 422, 500])
def test_what_a_proxy_answers_is_no_answer(status: int) -> None:
    with pytest.raises(Unreachable, match=f"GET v1/hosts/h1 is no Roadstead service: {status} "):
        Exchange(hosts.read("h1"), Retries()).received(Received(status, {}, b"<html>"))


def test_a_proxy_whose_service_is_away_is_asked_again() -> None:
    exchange = Exchange(hosts.read("h1"), Retries(count=1))
    assert isinstance(exchange.received(Received(502, {}, b"<html>")), Pause)
    with pytest.raises(Unreachable, match="502 Bad Gateway"):
        exchange.received(Received(502, {}, b"<html>"))


def test_a_lost_service_is_named_with_the_cause() -> None:
    exchange = Exchange(hosts.read("h1"), Retries(count=1))
    assert isinstance(exchange.lost(LOST), Pause)
    with pytest.raises(Unreachable, match="cannot be reached: gone"):
        exchange.lost(LOST)


def busy_for(asked: str) -> Received:
    return Received(503, {"retry-after": asked}, b"")


def at(seconds: int) -> str:
    """So many seconds from now, as HTTP writes a time."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("write", [str, at])
def test_a_pause_is_as_long_as_the_service_asks(write: Callable[[int], str]) -> None:
    outcome = Exchange(hosts.read("h1"), Retries()).received(busy_for(write(8)))
    assert isinstance(outcome, Pause)
    assert 5 < outcome.seconds <= 8


@pytest.mark.parametrize("asked", ["", "soon", "-3", "Sun, 06 Nov 1994 08:49:37 GMT"])
def test_what_is_no_time_to_wait_is_ignored(asked: str) -> None:
    outcome = Exchange(hosts.read("h1"), Retries(first_pause=0.25)).received(busy_for(asked))
    assert isinstance(outcome, Pause)
    assert 0 <= outcome.seconds <= 0.25


@pytest.mark.parametrize("write", [str, at])
def test_a_service_that_asks_for_too_much_is_not_waited_for(write: Callable[[int], str]) -> None:
    with pytest.raises(Unreachable, match="503"):
        Exchange(hosts.read("h1"), Retries()).received(busy_for(write(90)))


def test_a_call_that_cannot_be_repeated_is_not() -> None:
    call = hosts.take_in(lambda: iter([b"{}"]), repeatable=False)
    with pytest.raises(Unreachable):
        Exchange(call, Retries()).lost(LOST)


def test_a_key_is_made_for_what_must_happen_once_and_for_nothing_else() -> None:
    keys = {Exchange(boots.stop("vm-1"), Retries()).request.headers["Idempotency-Key"] for _ in range(3)}
    assert len(keys) == 3
    assert Exchange(boots.stop("vm-1").with_key("mine"), Retries()).request.headers == {"Idempotency-Key": "mine"}
    assert not Exchange(vms.read("vm-1"), Retries()).request.headers


def test_unchanged_is_an_answer_only_to_whoever_asked_for_it() -> None:
    unchanged = Received(304, {"etag": '"1"'}, b"")
    answer = Exchange(hosts.read("h1").unless('"1"'), Retries()).received(unchanged)
    assert isinstance(answer, Answer)
    assert (answer.value, answer.etag) == (None, '"1"')
    with pytest.raises(Unreachable, match="no Roadstead service"):
        Exchange(hosts.read("h1"), Retries()).received(unchanged)


@pytest.mark.parametrize(
    "call",
    [
        hosts.read("h1"),
        hosts.remove("h1"),
        implementation_lists.of_vm_for_qemu("vm-1"),
        implementation_lists.of_vm_in_bytes("vm-1"),
    ],
    ids=["JSON", "nothing", "text", "bytes"],
)
def test_a_page_of_somebody_else_is_no_answer(call: Call[object]) -> None:
    page = Received(200, {"content-type": "text/html"}, b"<h1>Welcome to nginx!</h1>")
    with pytest.raises(Unreachable, match=f"what answers to {call.method} {call.path} is no Roadstead service"):
        Exchange(call, Retries()).received(page)


def test_json_of_somebody_else_is_no_answer() -> None:
    with pytest.raises(Unreachable, match="no JSON object"):
        Exchange(hosts.read("h1"), Retries()).received(Received(200, {}, b'"ok"'))
