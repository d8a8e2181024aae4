"""Whose credentials these are, and what is said of what AWS and the way to it answer."""

from __future__ import annotations

import logging
import socket
import traceback
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore import exceptions as boto
from tests.support.aws_program import settings_of
from tests.support.moto_server import ACCOUNT, REGION, MotoServer

from encore_aws.account import Account, AwsError, ask, open_account
from encore_aws.settings import Settings
from encore_provisioner.errors import InfraError, RefusedError

SECRET = "sk_live_do_not_show"


def test_who_asks_is_known_before_anything_else(moto: MotoServer, settings: Settings) -> None:
    found = open_account(settings)
    assert (found.id, found.region, found.partition) == (ACCOUNT, REGION, "aws")
    assert found.who.startswith(f"arn:aws:sts::{ACCOUNT}:")
    assert moto.operations == ["GetCallerIdentity"]


def test_clients_lie_in_the_environments_region(moto: MotoServer, account: Account) -> None:
    assert account.client("secretsmanager").meta.region_name == REGION
    assert account.client("s3", "eu-west-1").meta.region_name == "eu-west-1"
    assert account.client("s3").meta.endpoint_url == moto.url


@pytest.mark.usefixtures("moto")
def test_another_account_is_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        open_account(settings_of(account="111122223333"))
    error = caught.value
    assert error.code == "wrong-account"
    assert "environment production, eu-north-1 belongs to the account 111122223333" in error.message
    assert f"these credentials are of {ACCOUNT} (arn:aws:sts::{ACCOUNT}:" in error.message
    assert "AWS_PROFILE" in (error.hint or "")
    assert open_account(settings_of(account=None)).id == ACCOUNT


REFUSALS = {
    "expired": ("ExpiredToken", "old", "aws-expired", "have expired", "log in again"),
    "unknown key": ("InvalidClientTokenId", "x", "aws-bad-credentials", "not know", "switched on"),
    "clock": ("SignatureDoesNotMatch", "Signature expired: 1", "aws-clock", "clock", "set the"),
    "region off": ("OptInRequired", "no", "aws-region-off", "not switched on", "Account"),
    "denied": (
        "AccessDenied",
        "User: arn:x is not authorized to perform: sts:GetCallerIdentity on resource: *",
        "aws-denied",
        "sts:GetCallerIdentity is not allowed",
        "sts:GetCallerIdentity",
    ),
    "denied by SNS, in its own writing": (
        "AuthorizationError",
        "User: arn:x is not authorized to perform: SNS:GetTopicAttributes on resource: y",
        "aws-denied",
        "SNS:GetTopicAttributes is not allowed",
        "SNS:GetTopicAttributes",
    ),
    "something": ("ValidationError", "what now", "aws-refused", "ValidationError: what now", "see"),
}


@pytest.mark.parametrize(
    ("answer", "words", "code", "told", "hint"), REFUSALS.values(), ids=REFUSALS.keys()
)
def test_what_aws_answers_is_told(
    moto: MotoServer, settings: Settings, answer: str, words: str, code: str, told: str, hint: str
) -> None:
    moto.fail("GetCallerIdentity", answer, words=words, status=403, times=9)
    with pytest.raises(AwsError) as caught:
        open_account(settings)
    error = caught.value
    assert (error.code, error.answer) == (code, answer)
    assert error.message.startswith("cannot find out whose credentials these are (environment pro")
    assert told in error.message
    assert hint in (error.hint or "")


def test_what_is_only_busy_is_asked_again(moto: MotoServer, settings: Settings) -> None:
    moto.fail("GetCallerIdentity", "Throttling", times=2)
    assert open_account(settings).id == ACCOUNT
    assert moto.operations == ["GetCallerIdentity"] * 3


def test_an_answer_that_was_lost_is_asked_for_again(moto: MotoServer, settings: Settings) -> None:
    moto.cut("GetCallerIdentity")
    assert open_account(settings).id == ACCOUNT


def test_without_credentials(
    moto: MotoServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(AwsError) as caught:
        open_account(settings)
    assert caught.value.code == "aws-no-credentials"
    assert "aws configure sso" in (caught.value.hint or "")
    assert moto.calls == []


@pytest.mark.usefixtures("moto")
def test_a_profile_that_is_not_there(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "acme")
    with pytest.raises(AwsError, match="acme") as caught:
        open_account(settings)
    assert caught.value.code == "aws-no-profile"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.mark.usefixtures("moto")
@pytest.mark.parametrize(
    ("region", "code"), [(REGION, "aws-unreachable"), ("eu-nowhere-7", "aws-unknown-region")]
)
def test_nobody_answers(region: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(AwsError) as caught:
        # A region that settings know may be one that this boto3 does not know yet.
        open_account(replace(settings_of(), region=region))
    assert caught.value.code == code
    assert caught.value.answer is None


def refuse(error: Exception) -> Any:
    raise error


LOCAL = {
    "SSO": (boto.UnauthorizedSSOTokenError(), "aws-expired"),
    "process": (boto.CredentialRetrievalError(provider="x", error_msg="y"), "aws-expired"),
    "half": (boto.PartialCredentialsError(provider="x", cred_var="y"), "aws-no-credentials"),
    "proxy": (boto.ProxyConnectionError(proxy_url="http://me:pw@proxy:3128"), "aws-unreachable"),
    "parameter": (boto.ParamValidationError(report="bad"), "aws-refused"),
}


@pytest.mark.parametrize(("error", "code"), LOCAL.values(), ids=LOCAL.keys())
def test_what_the_library_says_is_told(error: Exception, code: str) -> None:
    with pytest.raises(AwsError, match=r"^cannot try it: ") as caught:
        ask("try it", lambda: refuse(error))
    assert caught.value.code == code
    assert caught.value.hint
    assert "me:pw" not in caught.value.message


CARRIERS = [
    boto.ClientError(
        {"Error": {"Code": "ValidationException", "Message": SECRET}}, "PutSecretValue"
    ),
    boto.ParamValidationError(report=f"value: {SECRET}"),
    boto.HTTPClientError(error=SECRET),
]


@pytest.mark.parametrize("error", CARRIERS, ids=lambda error: type(error).__name__)
def test_what_may_repeat_a_secret_is_not_repeated(error: Exception) -> None:
    def carry() -> None:
        raise error

    with pytest.raises(InfraError) as caught:
        ask("keep it", carry, quiet=True)
    found: BaseException | None = caught.value
    assert found is not None
    assert found.__context__ is None
    assert SECRET not in "".join(traceback.format_exception(found))
    with pytest.raises(InfraError, match=SECRET):
        ask("keep it", carry)


@pytest.mark.usefixtures("moto")
def test_what_is_sent_is_not_logged(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """A library of AWS writes every request into its log when all logs are on."""
    with caplog.at_level(logging.DEBUG):
        client = open_account(settings).client("secretsmanager")
        client.create_secret(Name="x", SecretString=SECRET)
        assert SECRET not in caplog.text
        logging.getLogger("botocore").setLevel(logging.NOTSET)
        client.put_secret_value(SecretId="x", SecretString=SECRET)
        assert SECRET in caplog.text


@pytest.mark.usefixtures("moto")
def test_a_session_of_ones_own_is_taken(settings: Settings) -> None:
    session = boto3.session.Session(region_name="us-east-1")
    assert open_account(settings, session).session is session
