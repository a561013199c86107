import ssl
from pathlib import Path

import pytest

from roadstead.client import Client, Misconfigured, Retries, Server, Unreachable, hosts
from tests.failing_service import Scripted, failing_service

ONCE = Retries(count=0)


def test_both_sides_know_each_other_by_certificate(certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=cert)
    tls.load_cert_chain(cert, key)
    tls.verify_mode = ssl.CERT_REQUIRED
    with failing_service(tls) as service:
        service.will(Scripted(200, {"name": "h1"}))
        with Client(Server(service.url, ca=cert, client_cert=cert, client_key=key, retries=ONCE)) as client:
            assert client.ask(hosts.read("h1"))["name"] == "h1"


def test_a_service_of_unknown_authority_is_not_spoken_to(certificate: tuple[Path, Path]) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*certificate)
    with failing_service(tls) as service:
        with (
            Client(Server(service.url, token="secret", retries=ONCE)) as client,
            pytest.raises(Unreachable, match="certificate verify failed"),
        ):
            client.ask(hosts.read("h1"))
        assert not service.heard


def test_a_certificate_that_is_none_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    for server in (Server("https://h", ca=empty), Server("https://h", client_cert=tmp_path / "missing.pem")):
        with pytest.raises(Misconfigured, match="the certificates cannot be used"):
            server.options()
