"""The function goes over TLS or nowhere."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.functional.aws.function.conftest import Inside
from tests.support.tls_front import make_authority, tls_front

from encore_aws.function.documents import Prepare, Prepared, Server


@pytest.fixture
def silent() -> Iterator[int]:
    """Somebody who takes a connection and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])


def refused(inside: Inside, server: Server) -> tuple[str, str]:
    found = inside.ask(Prepare(server=server, databases=(inside.wanted(),)), Prepared)
    assert found.error is not None
    return found.error.code, found.error.message


def test_another_root_is_not_trusted(inside: Inside, tmp_path: Path) -> None:
    other = make_authority(tmp_path)
    code, message = refused(inside, replace(inside.server, ca=other.pem))
    assert code == "not-trusted"
    assert "certificate" in message


def test_only_the_first_certificate_counts(inside: Inside, tmp_path: Path) -> None:
    """As for the app, which would fail where the function did not."""
    other = make_authority(tmp_path)
    pem = other.pem + inside.server.ca
    assert refused(inside, replace(inside.server, ca=pem))[0] == "not-trusted"


def test_another_name_is_not_trusted(inside: Inside, tmp_path: Path) -> None:
    other = make_authority(tmp_path, host="another.example.com")
    with tls_front(inside.rds.server.port, other, postgres=True) as port:
        server = replace(inside.server, ca=other.pem, port=port)
        code, message = refused(inside, server)
    assert code == "not-trusted"
    assert "localhost" in message


def test_a_server_without_tls_is_refused(inside: Inside) -> None:
    code, message = refused(inside, replace(inside.server, port=inside.rds.server.port))
    assert code == "unreachable"
    assert "Server refuses SSL" in message


def test_no_certificate_is_no_excuse(inside: Inside) -> None:
    for pem in ("", "disable", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"):
        assert refused(inside, replace(inside.server, ca=pem))[0] == "no-certificate"


def test_nobody_there(inside: Inside) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    code, message = refused(inside, replace(inside.server, port=port))
    assert code == "unreachable"
    assert f"localhost:{port} refuses connections" in message


def test_no_such_name(inside: Inside) -> None:
    code, message = refused(inside, replace(inside.server, host="nowhere.invalid"))
    assert code == "unreachable"
    assert "cannot be resolved" in message
