"""One event, one answer: never an exception, never a secret."""

from __future__ import annotations

import json
from typing import Any

import pytest

from encore_aws.function import documents
from encore_aws.function.documents import (
    CheckedDatabase,
    Doctor,
    File,
    Migrate,
    MigratedDatabase,
    Migrations,
    Objects,
    PasswordPlace,
    Prepare,
    Server,
    Status,
    WantedDatabase,
)
from encore_aws.function.doors import Doors
from encore_aws.function.errors import ConnectError, FunctionError
from encore_aws.function.handler import answer

SERVER = Server(host="db.internal", port=5432, ca="PEM", admin_secret="arn:admin")
FILES = Migrations(
    source="default",
    files=(File(number=1, filename="1_a.up.sql", path="m/1_a.up.sql", sha256="0" * 64),),
)
DATABASE = MigratedDatabase(name="orders", database="orders", role="orders", migrations=FILES)
REQUESTS: dict[str, documents.Request] = {
    "prepare": Prepare(
        server=SERVER,
        databases=(
            WantedDatabase(
                name="orders",
                database="orders",
                role="orders",
                password=PasswordPlace(secret="arn:orders"),
            ),
        ),
    ),
    "migrate": Migrate(
        server=SERVER, database=DATABASE, objects=Objects(bucket="state", prefix="p")
    ),
    "status": Status(server=SERVER, databases=(DATABASE,)),
    "doctor": Doctor(
        databases=(
            CheckedDatabase(
                name="orders",
                host="db.internal",
                port=5432,
                ca="PEM",
                database="orders",
                role="orders",
                password="arn:orders",
            ),
        )
    ),
}
VALUES = {
    "arn:admin": json.dumps({"username": "admin", "password": 'the-admin\'s "password"'}),
    "arn:orders": "the-role's-password",
}


class Secrets:
    """Secrets Manager with two secrets in it."""

    def read(self, arn: str) -> str | None:
        return VALUES.get(arn)

    def ensure(self, arn: str, *, length: int, exclude: str) -> str:
        del length, exclude
        return VALUES[arn]


class Nothing:
    def read(self, bucket: str, key: str) -> bytes:
        raise FunctionError("aws-refused", f"{bucket}/{key}", "…")


def doors(connect: Any, log: list[str] | None = None) -> Doors:
    return Doors(
        secrets=Secrets(),
        objects=Nothing(),
        remaining=lambda: 900.0,
        connect=connect,
        log=(log if log is not None else []).append,
    )


def refuse(login: Any) -> Any:
    raise ConnectError(
        "postgres-refused", f"no: {login.user} came with {login.password} to {login.where}", "…"
    )


def stumble(login: Any) -> Any:
    raise KeyError(login.password)


def test_each_action_is_known_by_both_sides() -> None:
    for action, request in REQUESTS.items():
        event = json.loads(json.dumps(documents.event(request)))
        assert (event["schema"], event["action"]) == (1, action)
        assert documents.request(event) == (action, request)


@pytest.mark.parametrize("action", REQUESTS)
@pytest.mark.parametrize("connect", [refuse, stumble])
def test_no_secret_is_in_an_answer_whatever_fails(action: str, connect: Any) -> None:
    log: list[str] = []
    event = documents.event(REQUESTS[action])
    found = answer(event, lambda: doors(connect, log))
    text = json.dumps(found, ensure_ascii=False) + "".join(log)
    assert "password" not in text.replace("…", "")
    assert found["schema"] == 1
    assert found["action"] == action


@pytest.mark.parametrize("action", ["prepare", "migrate", "status"])
def test_a_server_that_refuses_is_an_error_in_the_answer(action: str) -> None:
    found = documents.answer(answer(documents.event(REQUESTS[action]), lambda: doors(refuse)))
    assert found.error is not None
    assert found.error.code == "postgres-refused"
    assert "came with … to db.internal:5432" in found.error.message


def test_a_mistake_of_ours_is_told_by_kind_and_place_alone() -> None:
    found = answer(documents.event(REQUESTS["status"]), lambda: doors(stumble))
    assert found["error"]["code"] == "function-bug"
    assert found["error"]["message"].startswith(
        "a mistake in encore-infra: KeyError at test_handler"
    )


def closed() -> Doors:
    raise AssertionError("no door is opened for an event that cannot be read")


EVENTS: dict[str, tuple[Any, str, str]] = {
    "nothing": (None, "event-unreadable", "no object"),
    "empty": ({}, "event-unreadable", "schema None"),
    "newer": ({"schema": 2, "action": "prepare"}, "event-unreadable", "schema 2, known is 1"),
    "no action": ({"schema": 1}, "unknown-action", "None is not known"),
    "other action": (
        {"schema": 1, "action": "wipe"},
        "unknown-action",
        "'wipe' is not known; known are prepare, drop, migrate, status, doctor",
    ),
    "action no text": ({"schema": 1, "action": ["x"]}, "unknown-action", "['x'] is not known"),
    "missing key": (
        {"schema": 1, "action": "doctor", "caches": [{}]},
        "event-unreadable",
        "$.caches[0]",
    ),
    "switch for tls": (
        {"schema": 1, "action": "status", "databases": [], "server": {"tls": False}},
        "event-unreadable",
        "the key 'tls' is not known",
    ),
}


@pytest.mark.parametrize(("event", "code", "says"), EVENTS.values(), ids=EVENTS)
def test_an_event_that_cannot_be_read(event: Any, code: str, says: str) -> None:
    found = answer(event, closed)
    assert found["error"]["code"] == code
    assert says in found["error"]["message"]
    if found["action"] is None:
        with pytest.raises(FunctionError) as caught:
            documents.answer(found)
        assert caught.value.code == code


ANSWERS: dict[str, tuple[Any, str]] = {
    "of lambda itself": ({"errorMessage": "Task timed out"}, "schema None"),
    "text": ("x", "no object"),
    "other shape": (
        {"schema": 1, "action": "migrate", "applied": 3},
        "$.applied: a list is wanted",
    ),
}


@pytest.mark.parametrize(("data", "says"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_cannot_be_read(data: Any, says: str) -> None:
    with pytest.raises(FunctionError) as caught:
        documents.answer(data)
    assert caught.value.code == "answer-unreadable"
    assert says in caught.value.message
