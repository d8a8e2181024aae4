"""Why an operation of the engine did not come to its end, where no step of the plan says it.

In: what happened. Out: an ``InfraError`` for people. It knows Pulumi's own refusals; what a cloud
said is for the provider to explain.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from encore_provisioner.engine.events import trouble
from encore_provisioner.errors import ApplyError, BusyError, InfraError, RefusedError

if TYPE_CHECKING:
    from encore_provisioner.engine.deployment import Happened

_HOLDER: Final = re.compile(
    r"created by (?P<who>\S+)(?: \(pid (?P<pid>\d+)\))?(?: at (?P<at>\S+))?"
)
_PLUGIN: Final = re.compile(r"no resource plugin '([^']+)'|could not (?:find|load) plugin[^\n]*")
_PASSPHRASE: Final = re.compile(r"passphrase must be set|incorrect passphrase")
_DAMAGED: Final = re.compile(r"failed to load checkpoint: (?P<why>[^\n]*)")
_ERROR: Final = re.compile(r"^\s*(?:stderr:\s*)?error:", re.MULTILINE)
_KILLED: Final = re.compile(r"\A\s*code: -(\d+)\b")
"""How the Automation API says that the CLI ended by a signal."""
_LONGEST: Final = 600


def failure(happened: Happened, environment: str, clean: Callable[[str], str] = str) -> InfraError:
    """The error that stands for it. ``clean`` takes from a message what people do not need."""
    text = happened.failure or ""
    if happened.is_busy:
        return _busy(happened, environment)
    if found := _PLUGIN.search(text):
        return ApplyError(
            f"Pulumi's plugin for the cloud cannot be had: {found[0]}",
            code="no-plugin",
            hint="Pulumi fetches it by itself where it has a network; else install it with "
            "`pulumi plugin install resource aws` under the same PULUMI_HOME",
        )
    if _PASSPHRASE.search(text):
        return RefusedError(
            f"the secrets in the state of {environment} are encrypted with a passphrase, which is "
            "not there or is another one",
            code="passphrase",
            hint="set PULUMI_CONFIG_PASSPHRASE to the one that the state was made with",
        )
    if found := _DAMAGED.search(text):
        return RefusedError(
            f"the state of {environment} cannot be read: {found['why']}; nothing was changed",
            code="state-damaged",
            hint="an earlier one can be put in its place: docs/operations.md, The state is damaged",
        )
    if found := _KILLED.match(text):
        return ApplyError(
            f"Pulumi's engine was killed (signal {found[1]}); what it was at may be done or not",
            code="engine-killed",
            hint="its lock stays behind: docs/operations.md says how to remove it; then run this "
            "again, and it goes on from what is saved",
        )
    words = [clean(message) for message in _messages(happened)]
    told = "; ".join(dict.fromkeys(word for word in words if word)) or _last(text)
    return ApplyError(
        f"Pulumi's engine failed: {told[:_LONGEST]}",
        code="engine-failed",
        hint="nothing else was begun; the next run goes on from what is saved",
    )


def _messages(happened: Happened) -> tuple[str, ...]:
    """Those of no resource first: they are of the whole operation."""
    said = trouble(happened.events)
    others = [text for urn, texts in said.messages.items() if urn for text in texts]
    return (*said.general, *others)


def holder(happened: Happened) -> str:
    """Who is at work, so that this operation did not begin."""
    found = _HOLDER.search(happened.failure or "")
    if not found:
        return "another process"
    process = f", process {found['pid']}" if found["pid"] else ""
    return found["who"] + process + (f", since {found['at']}" if found["at"] else "")


def _busy(happened: Happened, environment: str) -> BusyError:
    return BusyError(
        f"{environment} is held by {holder(happened)}; nothing was changed",
        code="busy",
        hint="wait for it to end, or use --lock-timeout SECONDS; where it was killed, see "
        "docs/operations.md",
    )


def _last(text: str) -> str:
    """The last error of what the CLI printed, which the Automation API sets behind ``stderr:``."""
    found = _ERROR.split(text)[1:]
    return " ".join(found[-1].split()) if found else "it did not say why"
