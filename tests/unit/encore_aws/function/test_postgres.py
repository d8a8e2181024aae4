"""Why a server does not let us in, from what the driver raises."""

from __future__ import annotations

import socket
import ssl

import pytest
from pg8000.exceptions import DatabaseError, InterfaceError

from encore_aws.function.errors import ConnectError
from encore_aws.function.postgres import Login, _refused, trusting

LOGIN = Login(
    host="db.internal", port=5432, ca="", database="orders", user="orders", password="its-password"
)


def while_handling(error: Exception, first: Exception) -> Exception:
    """What pg8000 raises when closing fails as well: the first error is its context."""
    error.__context__ = first
    return error


DENIED = DatabaseError({"C": "28P01", "M": "password authentication failed"})
CASES: dict[str, tuple[Exception, str, str, str]] = {
    "denied": (DENIED, "postgres-refused", "28P01", "password authentication failed"),
    "denied, and hung up": (
        while_handling(InterfaceError("network error"), DENIED),
        "postgres-refused",
        "28P01",
        "password authentication failed",
    ),
    "certificate": (ssl.SSLError(1, "bad certificate"), "not-trusted", "", "not trusted"),
    "certificate, and hung up": (
        while_handling(InterfaceError("network error"), ssl.SSLError(1, "bad")),
        "not-trusted",
        "",
        "not trusted",
    ),
    "timeout": (
        while_handling(InterfaceError("no"), TimeoutError()),
        "unreachable",
        "",
        "no answer from db.internal:5432 in 10 s",
    ),
    "name": (
        while_handling(InterfaceError("no"), socket.gaierror()),
        "unreachable",
        "",
        "cannot be resolved",
    ),
    "other": (InterfaceError("Server refuses SSL"), "unreachable", "", "Server refuses SSL"),
}


@pytest.mark.parametrize(("error", "code", "state", "says"), CASES.values(), ids=CASES)
def test_the_first_cause_is_told(error: Exception, code: str, state: str, says: str) -> None:
    found = _refused(LOGIN, error)
    assert (found.code, found.state) == (code, state)
    assert says in found.message
    assert LOGIN.password not in found.message + found.hint + repr(LOGIN)


@pytest.mark.parametrize(
    "pem", ["", "text", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"]
)
def test_no_root_no_tls(pem: str) -> None:
    with pytest.raises(ConnectError) as caught:
        trusting(pem)
    assert caught.value.code == "no-certificate"
