"""The configuration of a cache server, and the few words of its protocol that we speak."""

from __future__ import annotations

import io
import os

import pytest

from encore_local.servers.valkey import binary, configuration, read_answer, request


def test_configuration() -> None:
    lines = configuration(20001, "allkeys-lru", "pass-word_1").decode().splitlines()
    settings = dict(line.split(" ", 1) for line in lines)
    assert settings["bind"] == "127.0.0.1"
    assert settings["port"] == "20001"
    assert settings["requirepass"] == "pass-word_1"
    assert settings["maxmemory-policy"] == "allkeys-lru"
    assert settings["maxmemory"] == "100mb"
    assert settings["appendonly"] == "yes"
    assert settings["protected-mode"] == "yes"


def test_a_command_counts_bytes() -> None:
    assert request("AUTH", "pü") == b"*2\r\n$4\r\nAUTH\r\n$3\r\np\xc3\xbc\r\n"


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"+PONG\r\n", [b"PONG"]),
        (b"-NOAUTH Authentication required.\r\n", None),
        (b"$4\r\na\r\nb\r\n", [b"a\r\nb"]),
        (b"*2\r\n$1\r\na\r\n$2\r\nbc\r\n", [b"a", b"bc"]),
        (b"*0\r\n", []),
    ],
)
def test_answers(data: bytes, answer: list[bytes] | None) -> None:
    assert read_answer(io.BytesIO(data)) == answer


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 400 Bad Request\r\n", b"*x\r\n", b"$\r\n"])
def test_what_is_no_answer_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_answer(io.BytesIO(data))


def test_the_program_is_in_the_wheel() -> None:
    assert os.access(binary(), os.X_OK)
