"""The app's port: free, the app's, or somebody else's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from encore_provisioner.clients.transport import Response, UnreachableError
from encore_provisioner.doctor.check import CheckError
from encore_provisioner.doctor.port import check_port


def answering(body: bytes) -> Callable[[str], Response]:
    return lambda _: Response(status=200, headers={}, body=body)


def silent(url: str) -> Response:
    raise UnreachableError(url, "", refused=True, timed_out=False)


def test_free() -> None:
    assert check_port({"PORT": "4000"}, lambda _: True, silent).detail == "4000 is free"


def test_the_cores_default() -> None:
    assert check_port({}, lambda _: True, silent).detail == "8080 is free"


@pytest.mark.parametrize("code", ["ok", "shutting_down"])
def test_the_app_itself(code: str) -> None:
    fetch = answering(f'{{"code": "{code}"}}'.encode())
    detail = check_port({"PORT": "4000"}, lambda _: False, fetch).detail
    assert detail == f"4000 is held by a running Encore app ({code})"


OTHERS = {
    "silent": silent,
    "a page": answering(b"<html>"),
    "a list": answering(b"[]"),
    "other JSON": answering(b'{"status": "ok"}'),
}


@pytest.mark.parametrize("fetch", OTHERS.values(), ids=OTHERS.keys())
def test_somebody_else(fetch: Callable[[str], Response]) -> None:
    with pytest.raises(CheckError, match="another program holds 4000"):
        check_port({"PORT": "4000"}, lambda _: False, fetch)


@pytest.mark.parametrize("port", ["", "http", "0", "65536", "-1", "4000 "])
def test_no_port(port: str) -> None:
    with pytest.raises(CheckError, match="which is no port"):
        check_port({"PORT": port}, lambda _: True, silent)
