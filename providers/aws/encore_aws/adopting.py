"""Whether the ARN of something that exists can be used in an environment. Pure.

In: an ARN as the file says it, and what it should be. Out: findings, errors all of them: what is
elsewhere is never reached, since the core takes the region of SNS and SQS from the environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from encore_aws import arns
from encore_aws.settings import Settings
from encore_config.diagnostics import Diagnostic
from encore_config.position import At

NOT_USABLE: Final = "E9220"
ORDER: Final = "E9221"
_FIFO: Final = ".fifo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """``key``: where in ``adopt`` the file says it; ``what`` and ``service``: what it should be.

    ``fifo``: whether the declaration asks for order; ``at``: where it stands.
    """

    key: str
    arn: str
    what: str
    service: str
    fifo: bool
    at: At | None


def findings(adopted: Adopted, settings: Settings) -> Iterator[Diagnostic]:
    """The first thing that is wrong, or nothing."""
    where = f"environments.{settings.environment}.adopt.{adopted.key}"
    found = arns.parse(adopted.arn)
    account = (found.account if found else "") or "123456789012"
    like = arns.of(settings, adopted.service, "NAME", unnamed=account)
    told = _wrong_kind(adopted, found) or _elsewhere(settings, found)
    if told:
        yield _error(NOT_USABLE, f"{where}: `{adopted.arn}` {told}", f"such as {like}", adopted.at)
    elif adopted.arn.endswith(_FIFO) != adopted.fifo:
        yield from _order(adopted, where)


def _wrong_kind(adopted: Adopted, found: arns.Arn | None) -> str | None:
    name = re.compile(r"[A-Za-z0-9_-]{1,256}(\.fifo)?")
    if found is None or found.service != adopted.service or not name.fullmatch(found.resource):
        return f"is not the ARN of {adopted.what}"
    return None


def _elsewhere(settings: Settings, found: arns.Arn | None) -> str | None:
    if found is None:
        return None
    if (found.partition, found.region) != (settings.partition, settings.region):
        return (
            f"lies in {found.region} ({found.partition}), but the environment is in "
            f"{settings.region} ({settings.partition}) and its app reaches no other region"
        )
    if settings.account is not None and found.account != settings.account:
        return f"belongs to the account {found.account}, but the environment to {settings.account}"
    return None


def _order(adopted: Adopted, where: str) -> Iterator[Diagnostic]:
    if adopted.fifo:
        yield _error(
            ORDER,
            f"{where}: the declaration asks for order or exactly-once, and `{adopted.arn}` is not "
            "FIFO: SNS and SQS keep neither there",
            f"name one that ends in {_FIFO}, or take the ordering out of the declaration",
            adopted.at,
        )
        return
    yield _error(
        ORDER,
        f"{where}: `{adopted.arn}` is FIFO, and the declaration asks for no order: the app would "
        "send no message group, and AWS refuses messages without one",
        f"name one without {_FIFO}, or declare an orderingAttribute",
        adopted.at,
    )


def _error(code: str, message: str, hint: str, at: At | None) -> Diagnostic:
    return Diagnostic(code=code, severity="error", message=message, at=at, hint=hint)
