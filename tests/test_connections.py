"""Connections of clients that are sparing: several requests at once, and no more after them."""

import json
import re
import socket

import httpx
import pytest

from tests.api.talk import host
from tests.waiting import PATIENCE

BODY = json.dumps(host()).encode()
GET = b"GET /v1/hosts/sparing HTTP/1.1\r\nHost: roadstead\r\n\r\n"
HEAD = b"PUT /v1/hosts/sparing HTTP/1.1\r\nHost: roadstead\r\nContent-Type: application/json\r\n"
PUT = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
FAULTY = PUT.replace(b"application/json", b"text/plain")
LAST = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


def answers(url: str, *sent: bytes, ends: bool) -> list[str]:
    """Statuses of all that is answered until the service closes the connection."""
    address, received = httpx.URL(url), b""
    with socket.create_connection((address.host, address.port or 0), timeout=PATIENCE) as client:
        for part in sent:
            client.sendall(part)
        if ends:
            client.shutdown(socket.SHUT_WR)
        while part := client.recv(65_536):
            received += part
    return re.findall(r"HTTP/1\.1 (\d+) ", received.decode())


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ([PUT + LAST], 2),
        ([PUT, LAST], 2),
        ([PUT + PUT + GET + LAST], 4),
        ([CHUNKED + LAST], 2),
        ([PUT[:-9], PUT[-9:] + LAST], 2),
    ],
)
def test_requests_in_a_row_are_all_answered(service_url: str, sent: list[bytes], answered: int) -> None:
    got = answers(service_url, *sent, ends=False)
    assert len(got) == answered
    assert set(got) <= {"200", "201"}


def test_what_follows_a_refusal_is_answered_too(service_url: str) -> None:
    assert answers(service_url, PUT + FAULTY + LAST, ends=False)[1:] == ["415", "200"]


@pytest.mark.parametrize("sent", [[GET], [PUT], [PUT + GET], [PUT, GET, GET], [LAST], [PUT + b"GET /v1/ho"]])
def test_a_client_that_sends_no_more_is_answered_what_it_has_asked(service_url: str, sent: list[bytes]) -> None:
    answers(service_url, PUT, ends=True)
    whole = b"".join(sent)
    assert answers(service_url, *sent, ends=True) == ["200"] * whole.count(b" HTTP/1.1\r\n")


@pytest.mark.parametrize("sent", [b"", b"GET", PUT[:-1], PUT + PUT[:-1]])
def test_a_request_that_will_never_be_whole_is_not_waited_for(service_url: str, sent: bytes) -> None:
    assert len(answers(service_url, sent, ends=True)) < 2
