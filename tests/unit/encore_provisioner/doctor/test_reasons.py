"""What drivers say, said to people: what is wrong, where, and what to do."""

from __future__ import annotations

from typing import get_args

import pytest

from encore_provisioner.clients.aws import AwsError, AwsUnreachableError
from encore_provisioner.clients.transport import UnreachableError
from encore_provisioner.doctor.cache_door import Trouble
from encore_provisioner.doctor.reasons import aws_failure, cache_failure, sql_failure

SQL = {
    'connection to server at "127.0.0.1", port 1 failed: Connection refused': (
        "connection refused on h:1: the server is not running"
    ),
    'failed: FATAL:  password authentication failed for user "u"': (
        "h:1 refuses the password of role u"
    ),
    "fe_sendauth: no password supplied": "h:1 refuses the password of role u",
    'FATAL:  role "u" does not exist': "the role u does not exist on h:1",
    'FATAL:  database "d" does not exist': "the database d does not exist on h:1",
    'FATAL:  permission denied for database "d"\nDETAIL: x': (
        "the role u may not connect to the database d on h:1"
    ),
    "permission denied for table t": (
        "the role u lacks a right in the database d: permission denied for table t"
    ),
    "connection timeout expired": (
        "no answer from h:1 in time: the server hangs or a firewall drops packets"
    ),
    "server does not support SSL, but SSL was required": (
        "h:1 offers no TLS, but the runtime config requires it"
    ),
    "SSL error: certificate verify failed": "the TLS certificate of h:1 is not trusted",
    "FATAL: sorry, too many clients already": "h:1 has no free connection left",
    "FATAL:  the database system is starting up": "h:1 is still starting or shutting down",
    'failed to resolve host "h": Name or service not known': (
        "the host name of h:1 cannot be resolved"
    ),
    "something else\nwith details": "h:1: something else",
}


@pytest.mark.parametrize(("message", "reason"), SQL.items())
def test_sql(message: str, reason: str) -> None:
    assert sql_failure(message, where="h:1", user="u", database="d").reason == reason


@pytest.mark.parametrize("trouble", get_args(Trouble))
def test_every_trouble_of_a_cache_has_a_reason_and_a_hint(trouble: Trouble) -> None:
    failure = cache_failure(trouble, "what it said\nand more", where="h:1")
    assert "h:1" in failure.reason
    assert "and more" not in failure.reason
    assert failure.hint


def unreachable(*, refused: bool, timed_out: bool) -> AwsUnreachableError:
    cause = UnreachableError("http://h:1", "odd", refused=refused, timed_out=timed_out)
    return AwsUnreachableError(cause, "SNS Publish")


AWS: dict[str, tuple[AwsError, str]] = {
    "refused": (
        unreachable(refused=True, timed_out=False),
        "connection refused on http://h:1: the server is not running",
    ),
    "timed out": (
        unreachable(refused=False, timed_out=True),
        "no answer from http://h:1 in time",
    ),
    "broken": (unreachable(refused=False, timed_out=False), "http://h:1 cannot be reached: odd"),
    "missing": (
        AwsError("NoSuchBucket", "x", "S3 GetObject", 404),
        "the bucket b does not exist (NoSuchBucket)",
    ),
    "denied": (
        AwsError("AccessDenied", "no", "S3 GetObject", 403),
        "S3 GetObject on the bucket b was refused: no",
    ),
    "other": (
        AwsError("SlowDown", "later", "S3 GetObject", 503),
        "S3 GetObject on the bucket b: later (SlowDown)",
    ),
}


@pytest.mark.parametrize(("error", "reason"), AWS.values(), ids=AWS.keys())
def test_aws(error: AwsError, reason: str) -> None:
    assert aws_failure(error, what="the bucket b").reason == reason
