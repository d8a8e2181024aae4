"""The doors to Secrets Manager and S3, on moto."""

from __future__ import annotations

import string
import threading
from typing import Any

import boto3
import pytest
from tests.support import moto_server
from tests.support.moto_server import REGION, MotoServer

from encore_aws import generated
from encore_aws.function import doors
from encore_aws.function.doors import S3, SecretsManager, admin_login, client, passwords_in
from encore_aws.function.errors import FunctionError

ALL_SIGNS = string.punctuation


@pytest.fixture(autouse=True)
def region(moto: MotoServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Lambda has it."""
    del moto
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


@pytest.fixture
def secret() -> str:
    return str(client("secretsmanager").create_secret(Name="orders")["ARN"])


@pytest.fixture
def manager() -> SecretsManager:
    return SecretsManager(client("secretsmanager"))


def ensured(manager: SecretsManager, secret: str) -> str:
    return manager.ensure(secret, length=64, exclude=ALL_SIGNS)


def test_a_value_is_made_once(manager: SecretsManager, secret: str) -> None:
    assert manager.read(secret) is None
    made = ensured(manager, secret)
    assert len(made) == 64
    assert made.isalnum()
    assert ensured(manager, secret) == manager.read(secret) == made


def test_only_some_signs_may_be_unwanted(manager: SecretsManager, secret: str) -> None:
    made = manager.ensure(secret, length=200, exclude="aeiou/@")
    assert not set(made) & set("aeiou/@")
    assert set(made) & set("!#$%")


def test_who_comes_first_decides(manager: SecretsManager, secret: str) -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.append(ensured(manager, secret))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(made) == {manager.read(secret)}


def test_an_answer_that_is_lost_makes_no_second_value(
    moto: MotoServer, manager: SecretsManager, secret: str
) -> None:
    moto.cut("PutSecretValue")
    made = ensured(manager, secret)
    assert made == manager.read(secret)


def test_both_who_fill_secrets_agree_on_the_first_version() -> None:
    """The same id: whoever is second is refused, and takes what is there."""
    assert doors.NAMESPACE == generated._NAMESPACE


def test_a_value_that_was_taken_away_is_made_anew(manager: SecretsManager, secret: str) -> None:
    before = ensured(manager, secret)
    found = moto_server.secret_of(secret)
    for version in found.versions.values():
        version["version_stages"] = []
    found.default_version_id = None
    after = ensured(manager, secret)
    assert after == manager.read(secret) != before


REFUSED = {
    "denied": ("AccessDeniedException", "aws-denied", "role may not"),
    "throttled": ("ThrottlingException", "aws-refused", "apply"),
    "key": ("DecryptionFailure", "aws-refused", "apply"),
}


@pytest.mark.parametrize(("code", "ours", "hint"), REFUSED.values(), ids=REFUSED)
def test_what_aws_refuses_is_told_with_its_code(
    moto: MotoServer, manager: SecretsManager, secret: str, code: str, ours: str, hint: str
) -> None:
    """A right that is missing has a code of its own: it may only not be known everywhere yet."""
    moto.fail("GetSecretValue", code, times=9)
    with pytest.raises(FunctionError) as caught:
        manager.read(secret)
    assert caught.value.code == ours
    assert code in caught.value.message
    assert secret in caught.value.message
    assert hint in caught.value.hint


def test_a_refused_value_is_in_no_message(
    moto: MotoServer, manager: SecretsManager, secret: str
) -> None:
    moto.fail("PutSecretValue", "AccessDeniedException", times=9)
    with pytest.raises(FunctionError) as caught:
        ensured(manager, secret)
    chain = repr(caught.value) + repr(caught.value.__cause__) + repr(caught.value.__context__)
    put = next(c for c in moto.calls if c.operation == "PutSecretValue")
    assert len(put.given["SecretString"]) == 64
    assert put.given["SecretString"] not in caught.value.message + caught.value.hint + chain


def test_a_secret_that_is_gone(manager: SecretsManager, secret: str) -> None:
    client("secretsmanager").delete_secret(SecretId=secret)
    with pytest.raises(FunctionError) as caught:
        ensured(manager, secret)
    assert "marked for deletion" in caught.value.message
    client("secretsmanager").delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    with pytest.raises(FunctionError, match="ResourceNotFoundException"):
        ensured(manager, secret)


def test_a_secret_without_text(manager: SecretsManager, secret: str) -> None:
    client("secretsmanager").put_secret_value(SecretId=secret, SecretBinary=b"x")
    with pytest.raises(FunctionError) as caught:
        manager.read(secret)
    assert caught.value.code == "secret-unreadable"


def test_a_network_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    for look in (
        lambda: SecretsManager(client("secretsmanager")).read("arn"),
        lambda: S3(client("s3")).read("bucket", "key"),
    ):
        with pytest.raises(FunctionError) as caught:
            look()
        assert caught.value.code == "aws-unreachable"
        assert "network.nat" in caught.value.hint


@pytest.fixture
def bucket() -> Any:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="state", CreateBucketConfiguration={"LocationConstraint": REGION})
    return s3


def test_an_object(bucket: Any) -> None:
    bucket.put_object(Bucket="state", Key="a/b", Body=b"text")
    assert S3(client("s3")).read("state", "a/b") == b"text"
    with pytest.raises(FunctionError) as caught:
        S3(client("s3")).read("state", "a/c")
    assert "NoSuchKey" in caught.value.message
    assert "try again" in caught.value.hint


class Kept:
    def __init__(self, value: str | None) -> None:
        self._value = value

    def read(self, arn: str) -> str | None:
        del arn
        return self._value

    def ensure(self, arn: str, *, length: int, exclude: str) -> str:
        raise AssertionError((arn, length, exclude))


def test_the_first_user() -> None:
    value = '{"username": "admin", "password": "p", "port": 5432}'
    assert admin_login(Kept(value), "arn") == ("admin", "p")
    assert passwords_in(value) == ("p",)
    assert passwords_in("p") == passwords_in('"p"') == passwords_in("{}") == ()


@pytest.mark.parametrize("value", [None, "", "no json", "[]", '{"username": "admin"}'])
def test_no_first_user(value: str | None) -> None:
    with pytest.raises(FunctionError) as caught:
        admin_login(Kept(value), "arn:of:it")
    assert caught.value.code == "admin-secret-unreadable"
    assert "arn:of:it" in caught.value.message
