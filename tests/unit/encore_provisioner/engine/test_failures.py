"""Why an operation came to no end, in words for people."""

from __future__ import annotations

import pytest
from tests.support.engine_events import said
from tests.support.steps import TOPIC

from encore_provisioner.engine.deployment import Happened
from encore_provisioner.engine.failures import failure
from encore_provisioner.errors import ApplyError, BusyError, RefusedError

LOCKED = (
    "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to "
    "end or delete the lock file with `pulumi cancel`.\n"
    "  file:///state/.pulumi/locks/organization/shop/production/x.json: created by anna@laptop "
    "(pid 4711) at 2026-11-21T10:00:00Z"
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\n code: 1\n stdout: \n stderr: error: no such thing\n", "no such thing"),
        (
            "\n code: 1\n stderr: error: 2 errors occurred:\n    1) this\n    2) that\n\n",
            "2 errors occurred: 1) this 2) that",
        ),
        ("error: the first\nerror: the last", "the last"),
        ("nothing of use", "it did not say why"),
    ],
)
def test_what_the_cli_printed_is_told(text: str, told: str) -> None:
    assert failure(Happened(failure=text), "production").message.endswith(f"failed: {told}")


def test_who_holds_the_stack_is_named() -> None:
    error = failure(Happened(failure=LOCKED, is_busy=True), "production")
    assert isinstance(error, BusyError)
    assert error.code == "busy"
    assert "anna@laptop, process 4711, since 2026-11-21T10:00:00Z" in error.message
    assert "pulumi" not in (error.hint or "")


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        (
            "error: no resource plugin 'pulumi-resource-aws' found in the workspace at version v7",
            ApplyError,
            "no-plugin",
        ),
        ("error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE", RefusedError, "passphrase"),
        ("error: incorrect passphrase", RefusedError, "passphrase"),
        (
            "error: failed to load checkpoint: place 1: unexpected end of JSON input",
            RefusedError,
            "state-damaged",
        ),
        ("\n code: -9\n stdout: \n stderr: ", ApplyError, "engine-killed"),
        ("error: something else", ApplyError, "engine-failed"),
    ],
)
def test_known_refusals_of_pulumi_say_what_to_do(
    text: str, kind: type[Exception], code: str
) -> None:
    error = failure(Happened(failure=text), "production")
    assert isinstance(error, kind)
    assert error.code == code
    assert error.hint


def test_what_the_engine_said_stands_before_what_the_cli_printed() -> None:
    happened = Happened(
        failure="error: preview failed",
        events=(said("of a topic", TOPIC.urn), said("of the whole")),
    )
    message = failure(happened, "production", lambda text: text.upper()).message
    assert message == "Pulumi's engine failed: OF THE WHOLE; OF A TOPIC"


def test_an_engine_that_says_nothing_is_told_as_such() -> None:
    assert "it did not say why" in failure(Happened(failure=""), "production").message
    assert "what it printed" in failure(Happened(failure="x\nerror: what it printed"), "p").message
