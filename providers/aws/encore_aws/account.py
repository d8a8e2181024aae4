"""The account in which an environment lies: whose credentials these are, and how AWS is asked.

In: the environment's settings, and the credentials that AWS's own tools would take too. Out: an
:class:`Account`, whose clients lie in the environment's region. What AWS refuses, and what cannot
be reached, is told as :class:`AwsError`. Endpoints are changed by AWS's own variables alone
(``AWS_ENDPOINT_URL`` and its kin). ``boto3`` is loaded on first use; it costs a third of a second.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from botocore import exceptions as boto
from botocore.config import Config

from encore_aws.settings import Settings
from encore_provisioner.errors import InfraError, RefusedError

T = TypeVar("T")

_CONFIG: Final = Config(
    connect_timeout=10,
    read_timeout=60,
    # What is asked too often is asked again, with growing pauses of up to 20 s.
    retries={"mode": "standard", "total_max_attempts": 6},
    user_agent_extra="encore-infra",
)
_FIRST: Final = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 3},
    user_agent_extra="encore-infra",
)
"""Of the first question: who has no network learns it soon."""

EXPIRED: Final = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
)
REJECTED: Final = frozenset(
    {
        *("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"),
        *("SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"),
        *("AuthFailure", "InvalidToken", "MissingAuthenticationToken"),
    }
)
CLOCK: Final = frozenset({"RequestTimeTooSkewed", "RequestInTheFuture"})
DENIED: Final = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "AllAccessDisabled", "AuthorizationError"),
        *("UnauthorizedOperation", "UnauthorizedAccess", "Forbidden", "403"),
    }
)
CLOSED: Final = frozenset({"OptInRequired", "RegionDisabledException", "SubscriptionRequired"})
BUSY: Final = frozenset(
    {
        *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled"),
        *(
            "TooManyRequestsException",
            "RequestLimitExceeded",
            "SlowDown",
            "RequestThrottledException",
        ),
        *("InternalError", "InternalFailure", "InternalServiceError", "KMSInternalException"),
        *("ServiceUnavailable", "ServiceUnavailableException", "500", "502", "503", "504"),
    }
)
_ACTION: Final = re.compile(r"perform: ([A-Za-z0-9-]+:[A-Za-z*]+)")
_NOT_ENOUGH_TIME: Final = re.compile(r"[Ss]ignature (expired|not yet current)")
_USER: Final = re.compile(r"//[^/@\s]+@")
"""Name and password in the address of a proxy."""
_LONGEST: Final = 400
"""Characters of AWS's own words in ours."""


class AwsError(InfraError):
    """What was asked of AWS was not done.

    ``answer`` is AWS's own word for the reason, such as ``ResourceNotFoundException``; None where
    AWS gave no answer.
    """

    def __init__(
        self, message: str, *, code: str, hint: str | None = None, answer: str | None = None
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """``who``: the ARN of whoever the credentials belong to."""

    id: str
    region: str
    partition: str
    who: str
    session: Any

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of ``boto3``; call it through :func:`ask`."""
        return ask(
            f"open a way to {service}",
            lambda: self.session.client(service, region_name=region or self.region, config=_CONFIG),
        )


def open_account(settings: Settings, session: Any = None) -> Account:
    """Find credentials and ask AWS whose they are.

    ``session``: one of ``boto3`` to take instead of a new one. Raises :class:`AwsError`, and
    ``RefusedError`` (``wrong-account``) where the environment belongs to another account.
    """
    region = settings.region
    doing = f"find out whose credentials these are ({_where(settings)})"
    # These log what is sent, values of secrets too, for a program that turns its logs on.
    for name in ("boto3", "botocore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    session = session or ask(doing, lambda: _session(region))
    sts = ask(doing, lambda: session.client("sts", region_name=region, config=_FIRST))
    try:
        found = ask(doing, sts.get_caller_identity)
    except AwsError as error:
        raise _unknown_region(error, session, settings) or error from None
    account = Account(
        id=found["Account"],
        region=region,
        partition=found["Arn"].split(":")[1],
        who=found["Arn"],
        session=session,
    )
    if settings.account is not None and settings.account != account.id:
        raise RefusedError(
            f"{_where(settings)} belongs to the account {settings.account}, but these credentials "
            f"are of {account.id} ({account.who}); nothing was done",
            code="wrong-account",
            hint=f"choose credentials of {settings.account}, such as by AWS_PROFILE, or change "
            f"`account` in environments.{settings.environment}",
        )
    return account


def _session(region: str) -> Any:
    import boto3

    return boto3.session.Session(region_name=region)


def _where(settings: Settings) -> str:
    return f"environment {settings.environment}, {settings.region}"


def _unknown_region(error: AwsError, session: Any, settings: Settings) -> AwsError | None:
    """A name that no endpoint has looks like a network that is down."""
    known = session.get_available_regions("sts", partition_name=settings.partition)
    if error.code != "aws-unreachable" or settings.region in known:
        return None
    return AwsError(
        f"environments.{settings.environment}.region: {settings.region} does not answer, and it is "
        "none of the regions of AWS that are known here",
        code="aws-unknown-region",
        hint=f"such as {', '.join(sorted(known)[:4])}; a new region needs a new boto3",
    )


def ask(doing: str, call: Callable[[], T], *, quiet: bool = False) -> T:
    """``call()``, with everything that AWS and the way to it can answer as :class:`AwsError`.

    ``doing`` goes on after "cannot" and names what and where. ``quiet``: the call carries a
    secret's value, so nothing is repeated of what AWS or the library says about it. The error that
    it stands for is not kept beside it either, because it may hold what was sent.
    """
    try:
        return call()
    except (boto.BotoCoreError, boto.ClientError) as error:
        found = _told(doing, error, quiet)
    raise found


def _told(doing: str, error: Exception, quiet: bool) -> AwsError:
    if isinstance(error, boto.ClientError):
        answer = error.response.get("Error", {})
        return _refused(doing, str(answer.get("Code", "")), str(answer.get("Message", "")), quiet)
    return _unanswered(doing, error, quiet)


def _refused(doing: str, answer: str, words: str, quiet: bool) -> AwsError:
    code, why, hint = _reason(answer, words)
    said = "" if quiet or code == "aws-denied" else f": {' '.join(words.split())[:_LONGEST]}"
    return AwsError(f"cannot {doing}: {why}{said}", code=code, hint=hint, answer=answer)


def _reason(answer: str, words: str) -> tuple[str, str, str]:
    """Code, reason, remedy."""
    if answer in EXPIRED:
        return "aws-expired", "the credentials have expired", _LOG_IN
    if answer in CLOCK or (answer in REJECTED and _NOT_ENOUGH_TIME.search(words)):
        return "aws-clock", "this machine's clock is wrong", "set the clock; AWS allows 5 minutes"
    if answer in REJECTED:
        return (
            "aws-bad-credentials",
            f"AWS does not know these credentials here ({answer})",
            "check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN; a region that has to be "
            "switched on in the account answers like this while it is off",
        )
    if answer in DENIED:
        action = _ACTION.search(words)
        what = f"{action[1]} is not allowed" if action else "it is not allowed"
        return (
            "aws-denied",
            f"{what} to these credentials ({answer})",
            f"let them do {action[1]}"
            if action
            else "`aws sts get-caller-identity` says whose "
            "credentials these are; let them do it, or choose others",
        )
    if answer in CLOSED:
        return "aws-region-off", "the region is not switched on in this account", _SWITCH_ON
    if answer in BUSY:
        return "aws-busy", f"AWS is busy and did not do it ({answer})", "try again in a minute"
    return "aws-refused", f"AWS answers {answer or 'with an error'}", "see the reason above"


_LOG_IN: Final = "log in again, such as with `aws sso login`, or fetch new ones, and try again"
_SWITCH_ON: Final = "switch it on under Account > AWS Regions, or choose another `region`"
_NO_CREDENTIALS: Final = (
    "`aws configure sso`, or AWS_PROFILE, or AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY; "
    "encore-infra looks where the aws command does"
)
_ABSENT: Final = (boto.NoCredentialsError, boto.PartialCredentialsError)
_LAPSED: Final = (
    *(boto.UnauthorizedSSOTokenError, boto.SSOError, boto.TokenRetrievalError),
    *(boto.CredentialRetrievalError, boto.LoginError, boto.NoAuthTokenError),
)
_PROFILE: Final = (boto.ProfileNotFound, boto.ConfigParseError, boto.ConfigNotFound)
_NETWORK: Final = (boto.HTTPClientError, boto.ConnectionError)


def _unanswered(doing: str, error: Exception, quiet: bool) -> AwsError:
    words = _USER.sub("//", " ".join(str(error).split()))[:_LONGEST]
    said = type(error).__name__ if quiet else words
    if isinstance(error, _ABSENT):
        return AwsError(
            f"cannot {doing}: there are no credentials for AWS",
            code="aws-no-credentials",
            hint=_NO_CREDENTIALS,
        )
    if isinstance(error, _PROFILE):
        return AwsError(
            f"cannot {doing}: {said}",
            code="aws-no-profile",
            hint="see AWS_PROFILE and ~/.aws/config; `aws configure list-profiles` names them",
        )
    if isinstance(error, _LAPSED):
        return AwsError(
            f"cannot {doing}: the credentials cannot be had: {said}",
            code="aws-expired",
            hint=_LOG_IN,
        )
    if isinstance(error, _NETWORK):
        return AwsError(
            f"cannot {doing}: AWS does not answer: {said}",
            code="aws-unreachable",
            hint="check the network, HTTPS_PROXY and AWS_ENDPOINT_URL, and try again; what was "
            "asked may have been done all the same",
        )
    return AwsError(f"cannot {doing}: {said}", code="aws-refused", hint="see the reason above")
