import pytest

from roadstead.client import ClientError, Problem
from roadstead.client.calls import Received
from roadstead.client.problems import strange


def received(body: bytes, media_type: str = "application/problem+json; charset=utf-8") -> Received:
    return Received(409, {"content-type": media_type, "x-request-id": "r-1"}, body)


def test_a_problem_has_what_the_service_says() -> None:
    body = b"""{"code": "not_a_target", "title": "T", "detail": "D", "status": 409, "request_id": "r-2",
        "reasons": [{"code": "host_not_active", "detail": "D", "remedy": "R"}, "odd"],
        "errors": [{"pointer": "/x", "detail": "D"}, {"pointer": 7}], "count": 3}"""
    problem = Problem.of(received(body))
    assert isinstance(problem, ClientError)
    assert isinstance(problem, Problem)
    assert (problem.code, problem.title, problem.detail, problem.status) == ("not_a_target", "T", "D", 409)
    assert problem.reasons[0]["code"] == "host_not_active"
    assert problem.errors[0]["pointer"] == "/x"
    assert problem.document["count"] == 3
    assert problem.request_id == "r-2"
    assert str(problem) == "D"


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"<html>", "text/html"),
        (b"{", "application/problem+json"),
        (b"[]", "application/problem+json"),
        (b'{"title": "of another service"}', "application/problem+json"),
        (b'{"code": 7}', "application/problem+json"),
        (b'{"code": "host_not_found"}', "application/json"),
    ],
)
def test_an_answer_of_somebody_else_is_no_problem(body: bytes, media_type: str) -> None:
    assert Problem.of(received(body, media_type)) is None


def test_an_answer_of_somebody_else_in_words() -> None:
    assert strange(Received(599, {}, b"")) == "599"
    assert strange(Received(302, {"location": "https://sso"}, b"")) == "302 Found, which leads to https://sso"


@pytest.mark.parametrize(
    ("status", "code", "undecided"),
    [
        (404, "host_not_found", False),
        (401, "unauthenticated", False),
        (404, "not_found", True),
        (405, "method_not_allowed", True),
        (429, "too_many_requests", True),
        (503, "not_ready", True),
    ],
)
def test_what_the_service_was_not_asked_or_could_not_do_is_undecided(
    status: int, code: str, *, undecided: bool
) -> None:
    assert Problem(status, {"code": code}).undecided is undecided
