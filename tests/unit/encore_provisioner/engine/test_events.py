"""What the engine tells, as changes and as troubles."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.engine_events import (
    DONE,
    HIDDEN,
    NOT_KNOWN,
    PRE,
    STACK,
    replaced,
    said,
    side,
    told,
)
from tests.support.steps import BUCKET, TOPIC

from encore_config.plan import SECRET, UNKNOWN
from encore_provisioner.engine.events import changes, ended, stack_outputs_before, trouble
from encore_provisioner.engine.values import plain


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("text", "text"),
        (3.0, 3),
        (0.5, 0.5),
        (True, True),
        (NOT_KNOWN, UNKNOWN),
        ({**HIDDEN, "ciphertext": "[secret]"}, SECRET),
        ({**HIDDEN, "value": "in clear"}, SECRET),
        ({"b": 1, "a": None, "__defaults": []}, {"b": 1}),
        ([{"x": NOT_KNOWN}], [{"x": UNKNOWN}]),
        (
            {
                "4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7",
                "path": "function.zip",
                "hash": "abc",
            },
            {"path": "function.zip"},
        ),
    ],
)
def test_values_are_plain_and_secrets_are_marks(value: Any, shown: Any) -> None:
    assert plain(value) == shown


def test_a_change_has_both_sides() -> None:
    old, new = {"name": "a", "tags": {"x": "1"}}, {"name": "a", "tags": {"x": "2"}}
    found = changes([told(PRE, "update", TOPIC.urn, old, new, diff={"tags.x": "update"})])
    (change,) = found.values()
    assert (change.op, change.urn, change.type) == ("update", TOPIC.urn, TOPIC.type)
    assert change.before is not None
    assert change.after is not None
    assert (change.before.inputs, change.after.inputs) == (old, new)
    assert change.forces == frozenset()
    assert change.differs == {"tags.x"}


def test_the_events_of_a_replacement_are_one_change() -> None:
    events = replaced(TOPIC.urn, {"name": "a"}, {"name": "b"}, name="update-replace")
    (change,) = changes(events).values()
    assert change.op == "replace"
    assert change.forces == {"name"}
    assert change.before is not None
    assert change.after is not None
    assert (change.before.inputs, change.after.inputs) == ({"name": "a"}, {"name": "b"})


def test_keys_tell_what_forces_where_there_is_no_detail() -> None:
    (change,) = changes(
        [
            told(
                PRE,
                "replace",
                TOPIC.urn,
                {"name": "a"},
                {"name": "b"},
                keys=["name"],
                diffs=["name"],
            )
        ]
    ).values()
    assert change.forces == {"name"}


def test_neither_the_stack_nor_providers_are_resources() -> None:
    provider = "urn:pulumi:production::shop::pulumi:providers:aws::aws"
    assert (
        changes([told(PRE, "create", STACK, None, {}), told(PRE, "create", provider, None, {})])
        == {}
    )


def test_the_former_outputs_of_the_stack_come_with_its_event() -> None:
    old = side(STACK, {}, outputs={"region": "eu-north-1", "port": 5432.0})
    events = [told(PRE, "same", STACK, old, side(STACK, {}))]
    assert stack_outputs_before(events) == {"region": "eu-north-1", "port": 5432}
    assert stack_outputs_before([told(PRE, "create", STACK, None, {})]) == {}


def test_a_refresh_is_known_by_its_end() -> None:
    events = [
        told(PRE, "refresh", TOPIC.urn, {"name": "a"}, {"name": "a"}),
        told(DONE, "update", TOPIC.urn, {"name": "a"}, {"name": "b"}),
        told(PRE, "refresh", BUCKET.urn, {"bucket": "a"}, {"bucket": "a"}),
        told(DONE, "delete", BUCKET.urn, {"bucket": "a"}, None),
    ]
    assert {urn: change.op for urn, change in ended(events).items()} == {
        TOPIC.urn: "update",
        BUCKET.urn: "delete",
    }


def test_troubles_are_errors_alone_each_once_and_never_the_engines_own_epilogue() -> None:
    found = trouble(
        [
            said("creating x: AccessDenied", TOPIC.urn),
            said("creating x: AccessDenied", TOPIC.urn),
            said("another", TOPIC.urn),
            said("waiting", TOPIC.urn, severity="info"),
            said("update failed\n"),
            said("the whole is wrong"),
        ]
    )
    assert found.messages == {
        TOPIC.urn: ("creating x: AccessDenied", "another"),
        "": ("the whole is wrong",),
    }
    assert found.general == ("the whole is wrong",)
