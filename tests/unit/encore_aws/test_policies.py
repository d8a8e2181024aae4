"""Policies hold what is allowed, in any order, and are short enough for IAM."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encore_aws.permissions import INSIDE, STARTING, TABLE, Allowed
from encore_aws.policies import (
    MOST_CHARACTERS,
    Key,
    Statement,
    cut,
    document,
    exporter_statement,
    fill,
    hole,
    holes,
    statements,
)

KEY = Key(arn="arn:aws:kms:eu-north-1:1:key/own", region="eu-north-1")
FILES = "arn:aws:s3:::files"
VALUES = {"account": "1", "bucket/files": FILES}


def allow(kind: str, operation: str, name: str = "files", **more: bool) -> Allowed:
    return Allowed(kind=kind, operation=operation, name=name, **more)


def filled(*allowed: Allowed, key: Key | None = None) -> list[Any]:
    found: list[Any] = fill(list(statements(allowed, key)), VALUES)
    return found


OURS = {"StringEquals": {"aws:ResourceAccount": "1"}}


def test_a_bucket_is_ours_or_it_is_not_touched() -> None:
    assert filled(allow("bucket", "read")) == [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": [f"{FILES}/*"],
            "Condition": OURS,
        },
        {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [FILES], "Condition": OURS},
    ]
    adopted = filled(allow("bucket", "read", foreign=True))
    assert all("Condition" not in statement for statement in adopted)


def test_what_has_an_account_in_its_arn_needs_no_condition() -> None:
    (publish,) = statements([allow("topic", "publish", "orders")])
    assert publish == {
        "Effect": "Allow",
        "Action": ["sns:Publish"],
        "Resource": [hole("topic", "orders")],
    }


@pytest.mark.parametrize(
    ("kind", "operation", "service", "actions"),
    [
        ("subscription", "consume", "sqs", ["kms:Decrypt"]),
        ("bucket", "read", "s3", ["kms:Decrypt"]),
        ("bucket", "write", "s3", ["kms:Decrypt", "kms:GenerateDataKey"]),
        ("secret", "read", "secretsmanager", ["kms:Decrypt"]),
        (
            "topic",
            "publish",
            "sns",
            ["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"],
        ),
    ],
)
def test_a_key_is_used_through_the_service_that_holds_the_data(
    kind: str, operation: str, service: str, actions: list[str]
) -> None:
    (found,) = (s for s in statements([allow(kind, operation)], KEY) if s["Resource"] == [KEY.arn])
    assert found["Action"] == actions
    via = f"{service}.eu-north-1.amazonaws.com"
    assert found["Condition"] == {"StringEquals": {"kms:ViaService": via}}


def test_who_opens_nothing_gets_no_key() -> None:
    for operation in ("list", "delete", "public_url"):
        assert "kms:" not in json.dumps(statements([allow("bucket", operation)], KEY))


def test_in_china_a_service_has_either_name() -> None:
    key = Key(arn=KEY.arn, region="cn-north-1", suffixes=("amazonaws.com", "amazonaws.com.cn"))
    assert key.through("sns")["StringEquals"]["kms:ViaService"] == [
        "sns.cn-north-1.amazonaws.com",
        "sns.cn-north-1.amazonaws.com.cn",
    ]


def test_logs_are_written_into_the_groups_own_streams() -> None:
    (found,) = statements([allow("log-group", "write", "app")])
    assert found["Resource"] == [hole("log-group", "app") + ":*"]


def test_metrics_are_narrowed_by_their_namespace() -> None:
    found = exporter_statement("shop")
    assert found["Action"] == ["cloudwatch:PutMetricData"]
    assert found["Resource"] == ["*"]
    assert found["Condition"] == {"StringEquals": {"cloudwatch:namespace": "shop"}}


def test_a_policy_of_nothing_is_no_policy() -> None:
    with pytest.raises(ValueError, match="without a statement"):
        document([])


def test_a_policy_waits_for_every_arn() -> None:
    found = statements([allow("bucket", "list")])
    assert holes(found) == {"account", "bucket/files"}
    with pytest.raises(KeyError, match="bucket/files"):
        document(found, {"account": "1"})
    assert " " not in document(found, VALUES)
    assert json.loads(document(found, VALUES)) == {
        "Version": "2012-10-17",
        "Statement": fill(list(found), VALUES),
    }


ODD_NAMES = (
    *("{x}", "}}", "{{y}}", "a b", 'a"b', "line\nbreak", "back\\slash"),
    *("漢字", "50%25", "x" * 600),
)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_may_hold_anything(name: str) -> None:
    """Names of topics, databases and secrets are any text to Encore's parser."""
    found = statements([allow("topic", "publish", name), allow("topic", "publish", "plain")])
    assert holes(found) == {f"topic/{name}", "topic/plain"}
    arns = {f"topic/{name}": "arn:odd", "topic/plain": "arn:plain"}
    (statement,) = json.loads(document(found, arns))["Statement"]
    assert sorted(statement["Resource"]) == ["arn:odd", "arn:plain"]
    assert len(cut(found, arns)) == 1


grants = st.lists(
    st.sampled_from(sorted({**TABLE, **STARTING, **INSIDE})).flatmap(
        lambda key: st.builds(
            Allowed,
            kind=st.just(key[0]),
            operation=st.just(key[1]),
            name=st.sampled_from(["a", "b", "c"]),
            versioned=st.booleans(),
            foreign=st.booleans(),
        )
    )
)


def pairs(found: tuple[Statement, ...]) -> set[tuple[str, str, str]]:
    return {
        (action, target, json.dumps(statement.get("Condition")))
        for statement in found
        for action in statement["Action"]
        for target in statement["Resource"]
    }


@given(grants, st.none() | st.just(KEY))
def test_a_policy_is_the_sum_of_its_grants_in_any_order(
    found: list[Allowed], key: Key | None
) -> None:
    whole = statements(found, key)
    assert pairs(whole) == {pair for grant in found for pair in pairs(statements([grant], key))}
    assert statements(reversed(found), key) == whole == statements([*found, *found], key)


@given(st.integers(0, 300), st.integers(1, 200), st.integers(500, MOST_CHARACTERS))
def test_policies_are_cut_to_what_iam_takes_and_nothing_is_lost(
    count: int, length: int, most: int
) -> None:
    listed = [allow("topic", "publish", f"t{number}") for number in range(count)]
    listed += [allow("subscription", "consume", f"t{number}/s") for number in range(count)]
    found = statements(listed)
    values = {name: f"{name}{'x' * length}" for statement in found for name in holes(statement)}
    made = cut(found, values, most)
    assert all(len(document(policy, values)) <= most for policy in made)
    assert pairs(tuple(s for policy in made for s in policy)) == pairs(found)
    total = sum(len(document(policy, values)) for policy in made)
    assert len(made) <= 1 + total // (most - length - 250), "and no policy is left half empty"


def test_one_policy_is_not_cut() -> None:
    found = statements([allow("topic", "publish", "a"), allow("bucket", "read")])
    assert cut(found, {**VALUES, "topic/a": "arn"}) == (found,)
    assert cut((), {}) == ()
