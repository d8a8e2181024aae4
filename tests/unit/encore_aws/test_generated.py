"""Passwords that are made inside AWS, and the users that they open: moto, and time of our own."""

from __future__ import annotations

import logging
import threading
import traceback
from typing import Any

import boto3
import pytest
from tests.support.aws_program import run, settings_of
from tests.support.fake_clock import Time
from tests.support.graphs import cache, graph
from tests.support.moto_server import REGION, MotoServer, secret_of, user_of

from encore_aws.account import Account, AwsError, open_account
from encore_aws.generated import IN_USE, Filled, fill
from encore_aws.naming import Names
from encore_aws.resources import secret as kind
from encore_aws.settings import Settings
from encore_provisioner.errors import ApplyError, InfraError

NAMES = Names(app="shop", environment="production", id="k3f9")
ACCESS = "on ~* -@all +ping +get"
PASSWORD = "INFRA_REDIS_sessions_PASSWORD"
SQL = "INFRA_SQL_orders_PASSWORD"


def made(account: Account, *caches: str) -> dict[str, Any]:
    """What a first apply leaves behind: empty places, users that are shut; and its outputs."""
    client, redis = account.client("secretsmanager"), account.client("elasticache")
    purposes = [("database", "orders", SQL)]
    purposes += [("cache", name, f"INFRA_REDIS_{name}_PASSWORD") for name in caches]
    generated = {
        variable: {
            "secret": client.create_secret(Name=f"{purpose}-{name}")["ARN"],
            "for": purpose,
            "name": name,
            "length": 64,
            "exclude": kind._EXCLUDED,
        }
        for purpose, name, variable in purposes
    }
    found = {}
    for name in caches:
        redis.create_user(
            UserId=name,
            UserName=name,
            Engine="valkey",
            AccessString=ACCESS,
            AuthenticationMode={"Type": "iam"},
        )
        found[name] = {"host": "h", "port": 6379, "username": name, "access": ACCESS}
    return {"generated": generated, "caches": found, "variables": {}}


def value(account: Account, outputs: dict[str, Any], variable: str = PASSWORD) -> str:
    secret = outputs["generated"][variable]["secret"]
    found = account.client("secretsmanager").get_secret_value(SecretId=secret)
    return str(found["SecretString"])


def is_open(account: Account, outputs: dict[str, Any], name: str = "sessions") -> bool:
    """Whether the user lets in whoever has what the secret holds."""
    user = user_of(name)
    wanted = value(account, outputs, f"INFRA_REDIS_{name}_PASSWORD")
    return bool(
        (user.passwords, user.access_string, user.authentication_type)
        == ([wanted], ACCESS, "password")
    )


def test_the_outputs_are_those_of_the_program() -> None:
    """So the tests below do not feed it something that no apply puts out."""
    wanted = kind.normalise(graph(caches=(cache("sessions"),)), settings_of(), NAMES)
    found, _ = run(lambda stage: kind.create(wanted, stage), made=True)
    item = found.outputs["generated"][PASSWORD]
    assert set(item) == {"secret", "for", "name", "length", "exclude"}
    assert (item["for"], item["name"]) == ("cache", "sessions")


def test_every_password_is_made_and_every_user_let_in(account: Account) -> None:
    outputs = made(account, "sessions")
    assert fill(outputs, account, clock=Time().clock) == Filled(
        secrets=(PASSWORD, SQL), caches=("sessions",)
    )
    for variable in (PASSWORD, SQL):
        found = value(account, outputs, variable)
        assert len(found) == 64
        assert found.isalnum()
        assert found.isascii()
    assert value(account, outputs) != value(account, outputs, SQL)
    assert is_open(account, outputs)


def test_what_is_excluded_is_excluded(account: Account, moto: MotoServer) -> None:
    """By the switch where it is all signs, so that nothing is asked for and excluded at once."""
    outputs = made(account)
    for exclude, expected in (
        (kind._EXCLUDED, {"ExcludePunctuation": True}),
        ("ab", {"ExcludePunctuation": False, "ExcludeCharacters": "ab"}),
        (kind._EXCLUDED + "0", {"ExcludePunctuation": True, "ExcludeCharacters": "0"}),
    ):
        secret = account.client("secretsmanager").create_secret(Name=f"x{len(exclude)}")["ARN"]
        item = {**outputs["generated"][SQL], "secret": secret, "exclude": exclude}
        moto.calls.clear()
        fill({"generated": {SQL: item}, "caches": {}}, account)
        (asked,) = [c.given for c in moto.calls if c.operation == "GetRandomPassword"]
        assert asked == {"PasswordLength": 64, "RequireEachIncludedType": False, **expected}


def test_the_second_time_only_asks(account: Account, moto: MotoServer) -> None:
    outputs = made(account, "sessions")
    fill(outputs, account, clock=Time().clock)
    before = value(account, outputs)
    moto.calls.clear()
    assert fill(outputs, account, clock=Time().clock) == Filled()
    assert set(moto.operations) == {"DescribeSecret", "DescribeUsers"}
    assert value(account, outputs) == before


def test_without_caches_nobody_asks_for_users(account: Account, moto: MotoServer) -> None:
    outputs = made(account)
    assert fill(outputs, account) == Filled(secrets=(SQL,))
    assert "DescribeUsers" not in moto.operations
    assert fill({"generated": {}, "caches": {}}, account) == Filled()


def test_users_are_waited_for_together(account: Account, moto: MotoServer) -> None:
    """Each takes a minute or two, so all are changed before the first is waited for."""
    outputs, time = made(account, "sessions", "tokens"), Time()
    told: list[str] = []
    moto.caches.users_are_busy_for = 3
    found = fill(outputs, account, on_wait=told.append, clock=time.clock)
    assert found.caches == ("sessions", "tokens")
    changes = [name for name in moto.operations if name == "ModifyUser" or "Stage" in name]
    assert changes == ["ModifyUser", "ModifyUser"] + ["UpdateSecretVersionStage"] * 2
    assert time.seconds > 0
    assert told == [
        f"the user {n} of the cache {n} is modifying; waiting until it is active"
        for n in ("sessions", "tokens")
    ]


def test_a_user_that_is_still_being_made_is_waited_for(account: Account, moto: MotoServer) -> None:
    outputs, time = made(account, "sessions"), Time()
    user_of("sessions").status = "creating"
    moto.caches.busy["sessions"] = 3
    fill(outputs, account, clock=time.clock)
    assert is_open(account, outputs)


def test_a_user_whose_group_is_busy_is_waited_for(account: Account, moto: MotoServer) -> None:
    """The user itself is active then, and may not be changed all the same."""
    outputs, time = made(account, "sessions"), Time()
    moto.fail("ModifyUser", "InvalidUserState", times=2)
    fill(outputs, account, clock=time.clock)
    assert time.seconds > 0
    assert is_open(account, outputs)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("modifying", "is modifying, and not active after 15 minutes"),
        ("deleting", "the user sessions of the cache sessions is not there"),
    ],
)
def test_a_user_that_never_settles_is_given_up(account: Account, status: str, told: str) -> None:
    outputs = made(account, "sessions")
    user_of("sessions").status = status
    with pytest.raises(ApplyError, match=told) as caught:
        fill(outputs, account, clock=Time().clock)
    assert caught.value.code == "cache-user"
    assert caught.value.hint


def test_a_user_that_stays_busy_is_given_up(account: Account, moto: MotoServer) -> None:
    outputs = made(account, "sessions")
    moto.fail("ModifyUser", "InvalidUserState", times=999)
    with pytest.raises(AwsError, match="cannot let the user sessions of the cache sessions in"):
        fill(outputs, account, clock=Time().clock)


# What happened to the password or the user meanwhile.


def test_a_password_that_was_changed_by_hand_is_given(account: Account) -> None:
    outputs = made(account, "sessions")
    fill(outputs, account, clock=Time().clock)
    secret = outputs["generated"][PASSWORD]["secret"]
    account.client("secretsmanager").put_secret_value(SecretId=secret, SecretString="n" * 32)
    assert fill(outputs, account, clock=Time().clock) == Filled(caches=("sessions",))
    assert user_of("sessions").passwords == ["n" * 32]
    assert fill(outputs, account, clock=Time().clock) == Filled()


def test_a_new_user_is_given_the_old_password(account: Account) -> None:
    outputs = made(account, "sessions")
    fill(outputs, account, clock=Time().clock)
    user = user_of("sessions")
    user.passwords, user.authentication_type = [], "iam"
    assert fill(outputs, account, clock=Time().clock) == Filled(caches=("sessions",))
    assert is_open(account, outputs)


def test_an_old_user_is_given_a_new_password(account: Account) -> None:
    """The secret was replaced, and the user still has what the former one held."""
    outputs = made(account, "sessions")
    fill(outputs, account, clock=Time().clock)
    client = account.client("secretsmanager")
    client.delete_secret(SecretId="cache-sessions", ForceDeleteWithoutRecovery=True)
    outputs["generated"][PASSWORD]["secret"] = client.create_secret(Name="cache-sessions")["ARN"]
    found = fill(outputs, account, clock=Time().clock)
    assert found == Filled(secrets=(PASSWORD,), caches=("sessions",))
    assert is_open(account, outputs)


def test_what_a_user_may_send_follows_the_program(account: Account) -> None:
    outputs = made(account, "sessions")
    fill(outputs, account, clock=Time().clock)
    user_of("sessions").access_string = "off -@all"
    assert fill(outputs, account, clock=Time().clock).caches == ("sessions",)
    assert is_open(account, outputs)


# Interrupted, two at once, refused.


class Killed(BaseException):
    """As by kill -9."""


@pytest.mark.parametrize("when", ["before-send", "after-call"])
def test_killed_anywhere_the_next_one_completes_it(
    moto: MotoServer, settings: Settings, when: str
) -> None:
    session = boto3.session.Session(region_name=REGION)
    account = open_account(settings, session)
    sent, last = 0, 0

    def die(**_: Any) -> None:
        nonlocal sent
        sent += 1
        if sent == last:
            raise Killed

    session.events.register(when, die)
    for step in range(1, 100):
        moto.forget()
        last = 0
        outputs = made(account, "sessions")
        sent, last = 0, step
        try:
            fill(outputs, account, clock=Time().clock)
        except Killed:
            last = 0
            fill(outputs, account, clock=Time().clock)
            assert is_open(account, outputs), step
            assert len(secret_of("cache-sessions").versions) == 1
            assert fill(outputs, account, clock=Time().clock) == Filled()
        else:
            break
    assert step > 10


def test_two_at_once_make_one_password(account: Account) -> None:
    outputs = made(account, "sessions")
    found: list[Filled] = []
    barrier = threading.Barrier(2)

    def go() -> None:
        barrier.wait()
        found.append(fill(outputs, account, clock=Time().clock))

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert len(secret_of("cache-sessions").versions) == 1
    assert is_open(account, outputs)
    assert fill(outputs, account, clock=Time().clock) == Filled()


def test_whoever_comes_second_takes_what_is_there(account: Account, moto: MotoServer) -> None:
    """Both saw a secret without a value, and the other one's was written first."""
    outputs = made(account, "sessions")
    fill(outputs, account, clock=Time().clock)
    before = value(account, outputs)
    (version,) = secret_of("cache-sessions").versions
    moto.fail("DescribeSecret", "ResourceNotFoundException")
    with pytest.raises(ApplyError, match="is not there"):
        fill(outputs, account, clock=Time().clock)
    client = account.client("secretsmanager")
    with pytest.raises(client.exceptions.ResourceExistsException):
        client.put_secret_value(
            SecretId="cache-sessions", SecretString="other", ClientRequestToken=version
        )
    moto.fail("PutSecretValue", "ResourceExistsException")
    empty = made_again(account)
    assert PASSWORD not in fill(empty, account).secrets
    assert value(account, outputs) == before


def made_again(account: Account) -> dict[str, Any]:
    secret = account.client("secretsmanager").create_secret(Name="another")["ARN"]
    item = {"secret": secret, "for": "database", "name": "x", "length": 64, "exclude": "-"}
    return {"generated": {PASSWORD: item}, "caches": {}}


def test_a_deleted_secret_is_told(account: Account) -> None:
    outputs = made(account, "sessions")
    client = account.client("secretsmanager")
    client.delete_secret(SecretId="cache-sessions", RecoveryWindowInDays=7)
    with pytest.raises(ApplyError, match=f"the secret of {PASSWORD} was deleted") as caught:
        fill(outputs, account, clock=Time().clock)
    assert "restore-secret" in (caught.value.hint or "")
    client.restore_secret(SecretId="cache-sessions")
    assert fill(outputs, account, clock=Time().clock).secrets


def test_calls_that_fail_for_a_moment_are_repeated(account: Account, moto: MotoServer) -> None:
    outputs = made(account, "sessions")
    moto.fail("GetRandomPassword", "ThrottlingException")
    moto.cut("PutSecretValue")
    moto.cut("ModifyUser")
    fill(outputs, account, clock=Time().clock)
    assert is_open(account, outputs)
    assert len(secret_of("cache-sessions").versions) == 1


REFUSED = ("GetRandomPassword", "PutSecretValue", "GetSecretValue", "ModifyUser", "DescribeUsers")


@pytest.mark.parametrize("operation", REFUSED)
def test_no_error_and_no_log_shows_a_password(
    account: Account, moto: MotoServer, operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    outputs = made(account, "sessions")
    moto.fail(operation, "ValidationException", words="what was sent: PASSWORD", times=9)
    with caplog.at_level(logging.DEBUG), pytest.raises(InfraError) as caught:
        fill(outputs, account, clock=Time().clock)
    assert "ValidationException" in caught.value.message
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    if operation != "DescribeUsers":
        assert "PASSWORD" not in caught.value.message.replace(PASSWORD, "")
    moto.heal()
    fill(outputs, account, clock=Time().clock)
    shown += repr(caught.value.__context__)
    assert all(value(account, outputs, variable) not in shown for variable in (PASSWORD, SQL))
    assert IN_USE in str(secret_of("cache-sessions").versions)
