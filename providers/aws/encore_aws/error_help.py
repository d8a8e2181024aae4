"""What AWS's most usual errors mean, and what to do: one table by the text of the message.

In: what Pulumi hands on of a failed step. Out: the message without what only machines need, and
the likely cause with a remedy where a row fits. An error that no row knows passes through.

Messages come from the Terraform provider inside Pulumi's plugin, in these shapes:

    sdk-v2/provider2.go:572: sdk.helper_schema: creating X (n): operation error S: Call, https
    response error StatusCode: 400, RequestID: …, api error Code: text: provider=aws@7.51.1
    1 error occurred:
        * creating X (n): operation error S: Call, https response error …, Code: text
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from encore_aws.error_table import ROWS, Row
from encore_config.plan import Step
from encore_provisioner.provider import Progress, Reason

_NOISE: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    # Colours: Pulumi's own marks and a terminal's.
    (re.compile(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*[A-Za-z]"), ""),
    (re.compile(r"\r"), ""),
    (re.compile(r"^\s*error:\s+", re.MULTILINE), ""),
    (re.compile(r"(?<![\w./-])(?:[\w.-]+/)+[\w.-]+\.go:\d+:\s*"), ""),
    (re.compile(r"\bsdk\.helper_schema:\s*"), ""),
    (re.compile(r":?\s*\bprovider=aws@[\w.+-]+"), ""),
    (re.compile(r"\brpc error: code = \w+ desc = "), ""),
    (re.compile(r"\b(?:creating|updating|deleting|reading) urn:pulumi:\S+: "), ""),
    (re.compile(r"\bpulumi:providers:aws resource '[^']*' has a problem: "), ""),
    (re.compile(r"^\s*\d+ errors? occurred:[ \t]*\n?", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*\* ", re.MULTILINE), ""),
    (re.compile(r"\boperation error [^:\n]{1,60}: \w+, "), ""),
    (re.compile(r"\bexceeded maximum number of attempts, (\d+), "), r"after \1 attempts: "),
    (re.compile(r"\bhttps? response error StatusCode: \d+, "), ""),
    (re.compile(r"\b(?:RequestID|HostID|request id|host id): ?[\w+/=.-]*,? ?"), ""),
    (re.compile(r"\s*\bstatus code: \d+,? ?"), ""),
    (re.compile(r"\bapi error "), ""),
    (re.compile(r"\s*Encoded authorization failure message: [\w+/=-]+"), ""),
    (re.compile(r"\s*NEW: You can use Pulumi ESC[^\n]*"), ""),
    (re.compile(r"\s*Learn more: https?://\S+"), ""),
    (re.compile(r"\s*Make sure you have set your AWS region, e\.g\. `[^`]*`\.?"), ""),
    (
        re.compile(r"\s*To unprotect the resource, either remove the `protect` flag.*", re.DOTALL),
        "",
    ),
    (re.compile(r"\bPlease see https?://\S+\s+for more information about[^.\n]*\.?"), ""),
)
_SPACES: Final = re.compile(r"\s+")
_LONGEST: Final = 8_000


def failed(step: Step, messages: Iterable[str], seconds: float | None = None) -> Progress:
    """The event of a failed step. ``messages`` are all that was said of it, in their order."""
    raw = tuple(messages)
    return Progress(
        step=step,
        phase="failed",
        seconds=seconds,
        message=cleaned(raw),
        reason=reason(raw, subject=str(step.declaration) if step.declaration else step.name),
    )


def cleaned(messages: Iterable[str]) -> str:
    """One line for people; what is said twice, as Pulumi does, stands there once."""
    found: list[str] = []
    for message in messages:
        text = _cleaned(message)
        if text and not any(text in other for other in found):
            found = [other for other in found if other not in text]
            found.append(text)
    return "; ".join(found)


def reason(messages: Iterable[str], *, subject: str = "this resource") -> Reason | None:
    """The first row that fits; None where none does. ``subject`` is what it is told of."""
    text = cleaned(messages)
    for row in ROWS:
        match = row.pattern.search(text)
        if match:
            return _filled(row, match, subject)
    return None


def _cleaned(message: str) -> str:
    text = message[:_LONGEST]
    for pattern, instead in _NOISE:
        text = pattern.sub(instead, text)
    return _SPACES.sub(" ", text).strip(" :;,")


def _filled(row: Row, match: re.Match[str], subject: str) -> Reason:
    known = {"subject": subject, **{k: v or "unknown" for k, v in match.groupdict().items()}}
    return Reason(
        code=row.code,
        cause=row.cause.format_map(known),
        remedy=row.remedy.format_map(known),
    )
