"""The function called: patience where AWS is not ready, and what a person hears when it fails."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from tests.support.fake_clock import Time

from encore_aws.account import Account
from encore_aws.function import documents
from encore_aws.function.documents import Checked, Doctor, Error, Prepared
from encore_aws.inside import PATIENCE, RIGHTS, SECONDS, Inside
from encore_provisioner.errors import ApplyError, InfraError, RefusedError

OUTPUTS = {"function": {"name": "shop-inside", "arn": "arn:function", "log_group": "shop-log"}}
FINE = documents.answered("doctor", Checked())
OTHER = documents.answered("prepare", Prepared())


class Lambda:
    """Answers one after the other; the last one again and again."""

    def __init__(self, *replies: Any) -> None:
        self._replies = list(replies)
        self.events: list[Any] = []
        self.config: Any = None

    def client(self, service: str, *, region_name: str, config: Any) -> Lambda:
        assert (service, region_name) == ("lambda", "eu-north-1")
        self.config = config
        return self

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> Any:  # noqa: N803
        assert (FunctionName, InvocationType) == ("shop-inside", "RequestResponse")
        self.events.append(json.loads(Payload))
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(reply, Exception):
            raise reply
        return {"StatusCode": 200, **reply, "Payload": io.BytesIO(reply["Payload"])}


def answered(answer: Any) -> dict[str, Any]:
    return {"Payload": json.dumps(answer).encode()}


def crashed(kind: str, words: str) -> dict[str, Any]:
    told = {"errorType": kind, "errorMessage": words}
    return {"FunctionError": "Unhandled", **answered(told)}


def refusal(code: str, words: str = "words of AWS") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": words}}, "Invoke")


class World:
    """A function, and time that passes by waiting only."""

    def __init__(self, *replies: Any) -> None:
        self.aws = Lambda(*replies)
        self.time = Time()
        self.waits: list[str] = []
        account = Account(
            id="111122223333", region="eu-north-1", partition="aws", who="me", session=self.aws
        )
        clock = self.time.clock
        self.inside = Inside(account, OUTPUTS, on_wait=self.waits.append, clock=clock)

    def ask(self) -> Checked:
        return self.inside.ask(Doctor(), Checked)

    def fails(self) -> InfraError:
        with pytest.raises(ApplyError) as caught:
            self.ask()
        return caught.value


def test_an_answer_comes_back_as_what_it_is() -> None:
    world = World(answered(FINE))
    assert world.ask() == Checked()
    assert world.aws.events == [documents.event(Doctor())]
    assert world.waits == []


def test_a_call_may_take_a_quarter_of_an_hour_and_is_sent_once() -> None:
    config = World(answered(FINE)).aws.config
    assert config.read_timeout == SECONDS > 900
    assert config.retries["total_max_attempts"] == 1
    assert config.tcp_keepalive


NOT_READY = (
    "ResourceConflictException", "ResourceNotReadyException", "TooManyRequestsException",
    "EC2ThrottledException", "EC2AccessDeniedException", "ENILimitReachedException",
    "ServiceException",
)  # fmt: skip


@pytest.mark.parametrize("code", NOT_READY)
def test_what_aws_is_not_ready_for_is_asked_again(code: str) -> None:
    world = World(refusal(code), refusal(code), answered(FINE))
    assert world.ask() == Checked()
    assert len(world.aws.events) == 3
    (told,) = world.waits
    assert code in told


def test_patience_ends() -> None:
    world = World(refusal("ResourceConflictException", "state: Pending"))
    error = world.fails()
    assert "state: Pending" in error.message
    assert PATIENCE <= world.time.seconds < PATIENCE + 60


def test_a_function_whose_making_failed_is_not_waited_for() -> None:
    world = World(refusal("ResourceConflictException", "currently in the following state: Failed"))
    assert "state: Failed" in world.fails().message
    assert world.time.seconds == 0


@pytest.mark.parametrize(
    ("reply", "code", "told"),
    [
        (refusal("ResourceNotFoundException"), "no-function", "is not there"),
        (refusal("AccessDeniedException"), "aws-denied", "not allowed"),
        (ReadTimeoutError(endpoint_url="https://lambda"), "aws-unreachable", "does not answer"),
        (
            crashed("Sandbox.Timedout", "RequestId: 1 Error: Task timed out after 900.00 seconds"),
            "function-timeout",
            "15 minutes",
        ),
        (crashed("", "2026-01-01 1 Task timed out after 900.00 seconds"), "function-timeout", "15"),
        (
            crashed("Runtime.ExitError", "RequestId: 1 Error: Runtime exited: signal: killed"),
            "function-memory",
            "out of memory",
        ),
        (
            crashed("Runtime.ImportModuleError", "Cannot import 'x': No module named 'y'"),
            "function-crash",
            "No module named 'y'",
        ),
        ({"Payload": b"<html>"}, "function-crash", "without an answer"),
        ({"Payload": b"null"}, "answer-unreadable", "no object"),
        (answered({"schema": 99, "action": "doctor"}), "answer-unreadable", "schema 99"),
        (answered(OTHER), "answer-unreadable", "something else"),
    ],
    ids=[
        *("absent", "denied", "silent", "timeout", "old timeout", "memory", "import"),
        *("no json", "null", "schema", "another answer"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_told_once(reply: Any, code: str, told: str) -> None:
    world = World(reply)
    error = world.fails()
    assert error.code == code
    assert told in error.message
    assert error.hint
    assert len(world.aws.events) == 1


def test_a_crash_names_the_log_and_no_words_of_the_code() -> None:
    """An exception may say anything, passwords too; Lambda's own words may not."""
    error = World(crashed("KeyError", "the-password")).fails()
    assert "KeyError" in error.message
    assert "the-password" not in f"{error.message}{error.hint}"
    assert "shop-log" in (error.hint or "")


def test_who_heard_no_answer_is_told_that_it_may_still_be_at_work() -> None:
    error = World(ReadTimeoutError(endpoint_url="https://lambda")).fails()
    assert "still be at work" in (error.hint or "")


def denied() -> dict[str, Any]:
    error = Error(code="aws-denied", message="get_secret_value: no", hint="wait")
    return answered(documents.answered("doctor", Checked(error=error)))


def test_a_right_that_was_just_given_is_waited_for() -> None:
    world = World(denied(), denied(), answered(FINE))
    assert world.ask() == Checked()
    assert len(world.waits) == 1
    assert 0 < world.time.seconds < RIGHTS


def test_a_right_that_never_comes_is_told_by_the_answer() -> None:
    world = World(denied())
    found = world.ask()
    assert found.error is not None
    assert found.error.code == "aws-denied"
    assert RIGHTS <= world.time.seconds < RIGHTS + 60


def test_another_error_of_an_answer_is_not_waited_for() -> None:
    error = Error(code="unreachable", message="no", hint="h")
    world = World(answered(documents.answered("doctor", Checked(error=error))))
    assert world.ask().error == error
    assert world.time.seconds == 0


def test_an_error_alone_is_raised() -> None:
    alone = documents.failed("doctor", Error(code="function-bug", message="a mistake", hint="h"))
    error = World(answered({**alone, "action": None})).fails()
    assert (error.code, error.message) == ("function-bug", "a mistake")


def test_without_a_function_nothing_inside_can_be_asked() -> None:
    account = Account(id="1", region="eu-north-1", partition="aws", who="me", session=Lambda(FINE))
    with pytest.raises(RefusedError) as caught:
        Inside(account, {"region": "eu-north-1"})
    assert caught.value.code == "no-function"
