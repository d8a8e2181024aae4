"""The function inside the network, called: what it is asked, what it answers.

In: an account and the outputs of an apply. Out: answers as ``function.documents`` has them, and
what went wrong as ``ApplyError``. A call may take a quarter of an hour, and is never sent twice
where the first may have been heard, but for a function that AWS was not ready to run. Every request
can be repeated, so whoever finds an answer lost asks again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from botocore.config import Config

from encore_aws.account import BUSY, Account, AwsError, ask
from encore_aws.function import documents
from encore_aws.function.documents import Answer, Error, Request, Where
from encore_aws.function.errors import FunctionError
from encore_config.position import At
from encore_provisioner.errors import ApplyError, RefusedError
from encore_provisioner.waiting import Clock, OnWait

Outputs = Mapping[str, Any]
R = TypeVar("R")
T = TypeVar("T", bound=Answer)

SECONDS: Final = 920
"""A little longer than the function itself may take."""
PATIENCE: Final = 300.0
"""Seconds that are waited for a function that AWS is not ready to run."""
RIGHTS: Final = 60.0
"""Seconds until a right that a role was given is known everywhere in AWS."""
_EVERY: Final = 5.0

_CONFIG: Final = Config(
    connect_timeout=10,
    read_timeout=SECONDS,
    # Something between here and AWS may forget a connection on which nothing comes for minutes.
    tcp_keepalive=True,
    retries={"mode": "standard", "total_max_attempts": 1},
    user_agent_extra="encore-infra",
)
_NOT_READY: Final = frozenset(
    {
        # It is being made or changed, or slept and its interfaces are made anew.
        *("ResourceConflictException", "ResourceNotReadyException"),
        *("EC2ThrottledException", "EC2UnexpectedException", "EC2AccessDeniedException"),
        *("ENILimitReachedException", "SubnetIPAddressLimitReachedException"),
        *("ServiceException", "KMSAccessDeniedException"),
        *BUSY,
    }
)
_FAILED: Final = "state: Failed"
_ABSENT: Final = "ResourceNotFoundException"
_DENIED: Final = "aws-denied"
"""The function's own word for what its role may not do."""
_OWN_WORDS: Final = ("Runtime.", "Sandbox.")
"""Errors in Lambda's own words. Those of code may hold anything, and are not repeated."""
_LONGEST: Final = 300


class Inside:
    """``on_wait`` is told what is waited for. Raises ``RefusedError`` (``no-function``) where the
    environment has none.
    """

    def __init__(
        self,
        account: Account,
        outputs: Outputs,
        *,
        on_wait: OnWait = lambda _: None,
        clock: Clock | None = None,
    ) -> None:
        found = outputs.get("function")
        if found is None:
            raise RefusedError(
                "this environment has no function inside its network, so its databases and caches "
                "cannot be reached",
                code="no-function",
                hint="`encore-infra apply` makes it",
            )
        self.name, self.log = str(found["name"]), str(found["log_group"])
        self._account, self._on_wait, self._clock = account, on_wait, clock or Clock()
        self._lambda = ask(
            "open a way to lambda",
            lambda: account.session.client("lambda", region_name=account.region, config=_CONFIG),
        )

    def call(self, request: Request) -> Answer:
        """Its answer, which may hold an error of its own. Raises ``ApplyError``."""
        event = json.dumps(documents.event(request)).encode()
        return self._repeated(lambda: self._answer(event), self._why_early, RIGHTS)

    def ask(self, request: Request, kind: type[T]) -> T:
        """As :meth:`call`, with an answer of the kind that belongs to the request."""
        found = self.call(request)
        if not isinstance(found, kind):
            raise ApplyError(
                f"the function {self.name} answers something else than it was asked",
                code="answer-unreadable",
                hint="`encore-infra apply` installs the function of this version",
            )
        return found

    def _why_early(self, answer: Answer) -> str | None:
        error = answer.error
        if error is None or error.code != _DENIED:
            return None
        return f"AWS does not know all rights of the function {self.name} yet"

    def _answer(self, event: bytes) -> Answer:
        found = self._repeated(lambda: self._invoked(event), _not_ready, PATIENCE)
        if isinstance(found, AwsError):
            raise self._refused(found) from None
        text = found["Payload"]
        if found.get("FunctionError"):
            raise self._crashed(text)
        try:
            return documents.answer(json.loads(text))
        except ValueError as error:
            raise self._crashed(b"") from error
        except FunctionError as error:
            raise ApplyError(error.message, code=error.code, hint=error.hint) from None

    def _invoked(self, event: bytes) -> dict[str, Any] | AwsError:
        def call() -> dict[str, Any]:
            answer = self._lambda.invoke(
                FunctionName=self.name, InvocationType="RequestResponse", Payload=event
            )
            return {**answer, "Payload": answer["Payload"].read()}

        try:
            return ask(f"call the function {self.name}", call)
        except AwsError as error:
            return error

    def _repeated(
        self, deed: Callable[[], R], why_again: Callable[[R], str | None], patience: float
    ) -> R:
        """The first result that speaks for itself, or the last one when patience ends."""
        deadline = self._clock.now() + patience
        told: str | None = None
        while (why := why_again(found := deed())) and self._clock.now() < deadline:
            if why != told:
                self._on_wait(why)
                told = why
            self._clock.pause(_EVERY)
        return found

    def _refused(self, error: AwsError) -> ApplyError:
        if error.answer == _ABSENT:
            return ApplyError(
                f"the function {self.name} is not there",
                code="no-function",
                hint="`refresh` and then `apply` make it again",
            )
        hint = error.hint
        if error.code == "aws-unreachable":
            hint = (
                "check the network and try again; the function may still be at work, and asking "
                f"again waits for it. Its log: {self.log}"
            )
        return ApplyError(error.message, code=error.code, hint=hint)

    def _crashed(self, payload: bytes) -> ApplyError:
        """It ended without an answer of its own: Lambda says how."""
        kind, words = _lambda_s_words(payload)
        code, why, hint = _reason(kind, words)
        return ApplyError(
            f"the function {self.name} {why}",
            code=code,
            hint=f"{hint}; its log in CloudWatch says more: {self.log}",
        )


def _not_ready(found: dict[str, Any] | AwsError) -> str | None:
    """A function whose making failed gets no better by waiting."""
    if not isinstance(found, AwsError) or found.answer not in _NOT_READY:
        return None
    if _FAILED in found.message:
        return None
    return f"AWS is not ready to run the function ({found.answer})"


def _lambda_s_words(payload: bytes) -> tuple[str, str]:
    """The kind of the error and what is said of it."""
    try:
        found = json.loads(payload)
    except ValueError:
        return "", ""
    if not isinstance(found, dict):
        return "", ""
    return str(found.get("errorType", "")), str(found.get("errorMessage", ""))


def _reason(kind: str, words: str) -> tuple[str, str, str]:
    """Code, what happened, remedy."""
    if "Task timed out" in words or kind == "Sandbox.Timedout":
        return (
            "function-timeout",
            "was ended by AWS after its 15 minutes, without an answer",
            "what it had not finished is undone; run the same again and it goes on from there",
        )
    if "signal: killed" in words or kind == "Runtime.OutOfMemory":
        return (
            "function-memory",
            "ran out of memory",
            "a migration may be too large: 8 MiB are taken, and as many rows as it asks for",
        )
    told = f" ({kind})" if kind else ""
    if words and kind.startswith(_OWN_WORDS):
        told = f" ({kind}: {' '.join(words.split())[:_LONGEST]})"
    return (
        "function-crash",
        f"ended without an answer{told}",
        "`encore-infra apply` installs it anew",
    )


def failed(error: Error) -> ApplyError:
    """An answer's error, for people."""
    return ApplyError(error.message, code=error.code, hint=error.hint, at=position(error.at))


def position(found: Where | None) -> At | None:
    return At(file=found.file, line=found.line, column=found.column) if found else None
