"""The key of the state: whose it is, and what if it is off."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.aws_state import MADE, keys, quick
from tests.support.moto_server import MotoServer

from encore_aws.account import Account
from encore_provisioner.errors import RefusedError


def test_a_key_whose_name_came_second_is_let_go(account: Account, moto: MotoServer) -> None:
    """Two made a key each, and the other one named it in between."""
    first = quick(MADE, account)
    moto.fail("DescribeKey", "NotFoundException")
    moto.fail("ListKeys", "AccessDeniedException")
    assert quick(MADE, account) == first
    assert keys(account) == [first.key]
    assert "ScheduleKeyDeletion" in moto.operations


def test_whoever_may_not_list_keys_makes_one(account: Account, moto: MotoServer) -> None:
    moto.fail("ListAliases", "AccessDeniedException")
    moto.fail("ListKeys", "AccessDeniedException")
    assert [quick(MADE, account).key] == keys(account)


def test_a_key_of_somebody_else_is_not_taken(account: Account) -> None:
    kms = account.client("kms")
    strangers = [
        kms.create_key(Tags=[{"TagKey": "encore:app", "TagValue": "shop"}]),
        kms.create_key(),
    ]
    found = quick(MADE, account)
    assert found.key not in [key["KeyMetadata"]["Arn"] for key in strangers]


@pytest.mark.parametrize(
    ("operation", "given", "told", "undo"),
    [
        ("disable_key", {}, "is Disabled", "aws kms enable-key --key-id"),
        ("schedule_key_deletion", {"PendingWindowInDays": 7}, "will be deleted on", "cancel-key"),
    ],
)
def test_a_key_that_is_off_is_refused(
    account: Account, operation: str, given: dict[str, Any], told: str, undo: str
) -> None:
    key = (quick(MADE, account).key or "").rpartition("/")[2]
    getattr(account.client("kms"), operation)(KeyId=key, **given)
    with pytest.raises(RefusedError, match=told) as caught:
        quick(MADE, account)
    assert caught.value.code == "state-key"
    assert undo in (caught.value.hint or "")
