"""The key that encrypts the state: one for each app, account and region.

In: the alias by which it is found. Out: its ARN, made where nothing has that alias. KMS makes a
key and its alias in two calls, so a key without one may be left by a process that ended between
them; it is found by its tags and used. Of two processes at once, the one whose alias comes second
lets its own key go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from encore_aws.account import DENIED, Account, AwsError, ask
from encore_provisioner.errors import RefusedError

PURPOSE: Final = "state"
_DAYS: Final = 7
"""The shortest time for which KMS keeps a key that is to be deleted; it costs nothing then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    arn: str
    warnings: tuple[str, ...] = ()


def tags(app: str) -> dict[str, str]:
    """What is shared by all environments belongs to none of them."""
    return {"encore:app": app, "encore:purpose": PURPOSE}


def ensure_key(alias: str, app: str, account: Account) -> Key:
    """Raises :class:`AwsError`, and ``RefusedError`` (``state-key``) for a key that is off."""
    kms = account.client("kms")
    found = _described(alias, kms)
    if found is None:
        made = next(_orphans(app, kms), None) or _make(app, kms)
        _name(alias, made, kms)
        found = _described(alias, kms) or _described(made, kms) or {}
    if found.get("KeyState") != "Enabled":
        raise _unusable(alias, found)
    return Key(arn=found["Arn"], warnings=tuple(_rotated(found["KeyId"], kms)))


def find_key(alias: str, account: Account) -> str | None:
    """The key's ARN; None where it was not made yet. Changes nothing. Raises :class:`AwsError`."""
    found = _described(alias, account.client("kms"))
    return str(found["Arn"]) if found else None


def _described(key: str, kms: Any) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = ask(
            f"look at the key {key}, which encrypts the state",
            lambda: kms.describe_key(KeyId=key)["KeyMetadata"],
        )
    except AwsError as error:
        if error.answer != "NotFoundException":
            raise
        return None
    return found


def _orphans(app: str, kms: Any) -> Iterator[str]:
    """Keys that were made for this and have no alias, by their ids."""
    doing = "look for a key that was made for the state before"
    named = {
        each.get("TargetKeyId")
        for page in _pages(kms, "list_aliases", doing)
        for each in page["Aliases"]
    }
    for page in _pages(kms, "list_keys", doing):
        for each in page["Keys"]:
            if each["KeyId"] not in named and _is_ours(each["KeyId"], app, kms, doing):
                yield each["KeyId"]


def _pages(kms: Any, operation: str, doing: str) -> Iterator[dict[str, Any]]:
    """None where it may not be asked: then a new key is made, which works as well."""
    pages = iter(kms.get_paginator(operation).paginate())
    while True:
        try:
            page = ask(doing, lambda: next(pages, None))
        except AwsError as error:
            if error.answer not in DENIED:
                raise
            return
        if page is None:
            return
        yield page


def _is_ours(key: str, app: str, kms: Any, doing: str) -> bool:
    try:
        found = ask(doing, lambda: kms.list_resource_tags(KeyId=key)["Tags"])
    except AwsError as error:
        if error.answer not in DENIED:
            raise
        return False
    has = {each["TagKey"]: each["TagValue"] for each in found}
    if not tags(app).items() <= has.items():
        return False
    described = _described(key, kms)
    return described is not None and described["KeyState"] == "Enabled"


def _make(app: str, kms: Any) -> str:
    given = [{"TagKey": key, "TagValue": value} for key, value in tags(app).items()]
    made = ask(
        f"make the key that encrypts the state of {app}",
        lambda: kms.create_key(
            Description=f"{app}: encrypts the state of encore-infra", Tags=given
        ),
    )
    return str(made["KeyMetadata"]["KeyId"])


def _name(alias: str, key: str, kms: Any) -> None:
    doing = f"name the key {key}, which encrypts the state, {alias}"
    try:
        ask(doing, lambda: kms.create_alias(AliasName=alias, TargetKeyId=key))
    except AwsError as error:
        if error.answer != "AlreadyExistsException":
            raise
        other = _described(alias, kms)
        if other is not None and other["KeyId"] != key:
            ask(
                f"let go of the key {key}, which is not needed",
                lambda: kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=_DAYS),
            )


def _unusable(alias: str, found: dict[str, Any]) -> RefusedError:
    key, state = found.get("KeyId", alias), found.get("KeyState", "not there")
    date = found.get("DeletionDate")
    when = (
        f" and will be deleted on {date:%Y-%m-%d}; after that the state cannot be read"
        if date
        else ""
    )
    undo = f"`aws kms cancel-key-deletion --key-id {key}`, then " if date else ""
    return RefusedError(
        f"the key {alias}, which encrypts the state, is {state}{when}",
        code="state-key",
        hint=f"{undo}`aws kms enable-key --key-id {key}`",
    )


def _rotated(key: str, kms: Any) -> Iterator[str]:
    """Turn rotation on; what these credentials may not ask is told and not insisted on."""
    try:
        on = ask(
            f"ask whether the key {key} is rotated",
            lambda: kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"],
        )
    except AwsError as error:
        if error.answer not in DENIED:
            raise
        yield f"these credentials may not ask whether the key {key} of the state is rotated"
        return
    if not on:
        ask(f"have the key {key} rotated", lambda: kms.enable_key_rotation(KeyId=key))
