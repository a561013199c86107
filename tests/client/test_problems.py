from roadstead.client import ClientError, Problem
from roadstead.client.calls import Received


def received(body: bytes, media_type: str = "application/problem+json; charset=utf-8") -> Received:
    return Received(409, {"content-type": media_type, "x-request-id": "r-1"}, body)


def test_a_problem_has_what_the_service_says() -> None:
    body = b"""{"code": "not_a_target", "title": "T", "detail": "D", "status": 409, "request_id": "r-2",
        "reasons": [{"code": "host_not_active", "detail": "D", "remedy": "R"}, "odd"],
        "errors": [{"pointer": "/x", "detail": "D"}, {"pointer": 7}], "count": 3}"""
    problem = Problem.of(received(body))
    assert isinstance(problem, ClientError)
    assert (problem.code, problem.title, problem.detail, problem.status) == ("not_a_target", "T", "D", 409)
    assert problem.reasons[0]["code"] == "host_not_active"
    assert problem.errors[0]["pointer"] == "/x"
    assert problem.document["count"] == 3
    assert problem.request_id == "r-2"
    assert str(problem) == "D"


def test_an_answer_without_a_problem_is_told_by_its_status() -> None:
    for body, media_type in ((b"<html>", "text/html"), (b"{", "application/problem+json"), (b"[]", "application/json")):
        problem = Problem.of(received(body, media_type))
        assert (problem.code, problem.request_id) == ("http_409", "r-1")
        assert str(problem) == "409 Conflict"


def test_an_unheard_of_status_is_a_number() -> None:
    assert str(Problem.of(Received(599, {}, b""))) == "599"
