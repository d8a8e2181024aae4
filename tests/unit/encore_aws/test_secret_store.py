"""`secret set|list|rm` on moto: what is kept, what is told, and that no value is."""

from __future__ import annotations

import datetime
import logging
import traceback
from typing import Any

import pytest
from tests.support.aws_program import by_name, run, settings_of
from tests.support.graphs import graph, secret
from tests.support.moto_server import ACCOUNT, REGION, MotoServer, secret_of

from encore_aws.account import Account, AwsError
from encore_aws.naming import Names
from encore_aws.resources import secret as kind
from encore_aws.secret_store import MOST_BYTES, AwsSecrets
from encore_provisioner.errors import InfraError, RefusedError

NAMES = Names(app="shop", environment="production", id="k3f9")
VALUE = "sk_live_do_not_show"
DECLARED = {"StripeKey": ("billing", "shop"), "Salt": ("shop",)}
THEIRS = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:theirs-a1B2c3"


def place(name: str) -> str:
    return NAMES.name("secret", "secret", name)


def make(account: Account, *names: str) -> Any:
    """What apply makes: places without a value."""
    client = account.client("secretsmanager")
    for name in names:
        client.create_secret(Name=place(name))
    return client


@pytest.fixture
def store(account: Account) -> AwsSecrets:
    return AwsSecrets(account, NAMES, declared=DECLARED)


@pytest.fixture
def client(account: Account) -> Any:
    return make(account, *DECLARED)


def value(client: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get_secret_value(SecretId=place(name))
    return found


def test_it_fills_the_places_that_the_program_makes() -> None:
    """The store does without Pulumi, so the name is written twice."""
    declared = graph(secrets=(secret("StripeKey"),))
    wanted = kind.normalise(declared, settings_of(), NAMES)
    found, _ = run(lambda stage: kind.create(wanted, stage), made=True)
    assert by_name(found)["secret/StripeKey"].inputs["name"] == place("StripeKey")


def test_a_value_is_set_and_changed(store: AwsSecrets, client: Any) -> None:
    for given in (VALUE, "änderung", "x" * MOST_BYTES):
        store.set("StripeKey", given)
        assert value(client, "StripeKey")["SecretString"] == given


def test_a_value_that_was_set_twice_by_a_lost_answer_is_one_version(
    store: AwsSecrets, client: Any, moto: MotoServer
) -> None:
    moto.cut("PutSecretValue")
    store.set("StripeKey", VALUE)
    assert moto.operations.count("PutSecretValue") == 2
    assert len(secret_of(place("StripeKey")).versions) == 1
    assert value(client, "StripeKey")["SecretString"] == VALUE


@pytest.mark.usefixtures("client")
def test_the_list_tells_names_dates_and_users(store: AwsSecrets) -> None:
    before = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    store.set("StripeKey", VALUE)
    salt, stripe = store.list()
    assert (salt.name, salt.services, salt.set_at) == ("Salt", ("shop",), None)
    assert (stripe.name, stripe.services) == ("StripeKey", ("billing", "shop"))
    assert stripe.set_at is not None
    found = datetime.datetime.strptime(stripe.set_at, "%Y-%m-%dT%H:%M:%S%z")
    assert before <= found <= before + datetime.timedelta(minutes=2)


def test_the_date_is_that_of_the_value_and_not_of_its_tags(store: AwsSecrets, client: Any) -> None:
    store.set("StripeKey", "before")
    store.set("StripeKey", VALUE)
    _, version = secret_of(place("StripeKey")).versions.values()
    version["createdate"] = 1_600_000_000
    client.tag_resource(SecretId=place("StripeKey"), Tags=[{"Key": "team", "Value": "a"}])
    assert store.list()[1].set_at == "2020-09-13T12:26:40Z"


def test_before_the_first_apply_everything_is_missing(store: AwsSecrets) -> None:
    assert [each.set_at for each in store.list()] == [None, None]
    assert store.missing() == ("Salt", "StripeKey")
    assert store.deleted() == ()
    assert store.remove("StripeKey") is False


def test_before_the_first_apply_nothing_is_set(store: AwsSecrets) -> None:
    with pytest.raises(RefusedError) as caught:
        store.set("StripeKey", VALUE)
    assert caught.value.code == "secret-without-place"
    assert "the secret StripeKey of production has no place yet" in caught.value.message
    assert (caught.value.hint or "").startswith("encore-infra apply --env production")


@pytest.mark.usefixtures("client")
def test_what_is_set_is_missing_no_more(store: AwsSecrets) -> None:
    store.set("Salt", VALUE)
    assert store.missing() == ("StripeKey",)


def test_more_secrets_than_one_page_of_a_list_holds(account: Account) -> None:
    declared = {f"Key{number:03}": ("shop",) for number in range(130)}
    make(account, *declared)
    store = AwsSecrets(account, NAMES, declared=declared)
    store.set("Key129", VALUE)
    assert [each.name for each in store.list()] == sorted(declared)
    assert store.missing() == tuple(sorted(declared))[:129]


# Removal.


def test_a_removed_value_is_gone_and_the_place_stays(store: AwsSecrets, client: Any) -> None:
    arn = client.describe_secret(SecretId=place("StripeKey"))["ARN"]
    store.set("StripeKey", VALUE)
    assert store.remove("StripeKey") is True
    for stage in ("AWSCURRENT", "AWSPREVIOUS"):
        found = client.get_secret_value(SecretId=place("StripeKey"), VersionStage=stage)
        assert "SecretString" not in found
        assert found["SecretBinary"] == b"\0"
    assert client.describe_secret(SecretId=place("StripeKey"))["ARN"] == arn
    assert store.list()[1].set_at is None
    assert store.missing() == ("Salt", "StripeKey")


def test_what_has_no_value_is_not_removed(store: AwsSecrets, client: Any, moto: MotoServer) -> None:
    assert store.remove("StripeKey") is False
    store.set("StripeKey", VALUE)
    store.remove("StripeKey")
    moto.calls.clear()
    assert store.remove("StripeKey") is False
    assert moto.operations == ["DescribeSecret"]
    store.set("StripeKey", "again")
    assert store.list()[1].set_at is not None
    assert value(client, "StripeKey")["SecretString"] == "again"
    assert store.remove("StripeKey") is True


def test_a_removal_that_was_interrupted_is_completed(store: AwsSecrets, client: Any) -> None:
    store.set("StripeKey", VALUE)
    puts = 0

    def die(**_: Any) -> None:
        nonlocal puts
        puts += 1
        if puts == 2:
            raise KeyboardInterrupt

    store._client.meta.events.register("before-call.secrets-manager.PutSecretValue", die)
    with pytest.raises(KeyboardInterrupt):
        store.remove("StripeKey")
    previous = {"SecretId": place("StripeKey"), "VersionStage": "AWSPREVIOUS"}
    assert client.get_secret_value(**previous)["SecretString"] == VALUE
    assert store.list()[1].set_at is None
    assert store.remove("StripeKey") is True
    assert "SecretString" not in client.get_secret_value(**previous)
    assert store.remove("StripeKey") is False


# Deleted, adopted, denied.


def test_a_deleted_place_takes_no_value(store: AwsSecrets, client: Any) -> None:
    store.set("StripeKey", VALUE)
    client.delete_secret(SecretId=place("StripeKey"), RecoveryWindowInDays=7)
    for deed in (lambda: store.set("StripeKey", "new"), lambda: store.remove("StripeKey")):
        with pytest.raises(RefusedError, match="was deleted at 2") as caught:
            deed()
        assert caught.value.code == "secret-deleted"
        assert place("StripeKey") in (caught.value.hint or "")
    assert store.deleted() == ("StripeKey",)
    assert store.missing() == ("Salt", "StripeKey")
    assert store.list()[1].set_at is None
    client.restore_secret(SecretId=place("StripeKey"))
    assert store.deleted() == ()
    store.set("StripeKey", "new")


def test_what_is_adopted_is_left_alone(account: Account, moto: MotoServer) -> None:
    client = account.client("secretsmanager")
    arn = client.create_secret(Name="theirs", SecretString=VALUE)["ARN"]
    store = AwsSecrets(account, NAMES, declared=DECLARED, adopted={"StripeKey": arn})
    for deed in (lambda: store.set("StripeKey", "x"), lambda: store.remove("StripeKey")):
        with pytest.raises(RefusedError, match=arn) as caught:
            deed()
        assert caught.value.code == "secret-adopted"
    assert store.missing() == ("Salt",)
    assert (store.list()[1].set_at is not None, store.list()[1].known) == (True, True)
    moto.fail("DescribeSecret", "AccessDeniedException", times=2)
    hidden = AwsSecrets(account, NAMES, declared={"A": ()}, adopted={"A": THEIRS})
    (info,) = hidden.list()
    assert (info.set_at, info.known) == (None, False)


DENIAL = (
    f"User: arn:aws:iam::{ACCOUNT}:user/ci is not authorized to perform: "
    "secretsmanager:PutSecretValue on resource: x because no identity-based policy allows it"
)


@pytest.mark.usefixtures("client")
def test_who_may_not_is_told_what(store: AwsSecrets, moto: MotoServer) -> None:
    moto.fail("PutSecretValue", "AccessDeniedException", words=DENIAL)
    with pytest.raises(AwsError) as caught:
        store.set("StripeKey", VALUE)
    assert caught.value.message == (
        "cannot set the secret StripeKey of production: secretsmanager:PutSecretValue is not "
        "allowed to these credentials (AccessDeniedException)"
    )
    assert caught.value.hint == "let them do secretsmanager:PutSecretValue"
    moto.fail("DescribeSecret", "AccessDeniedException")
    with pytest.raises(
        AwsError, match=r"cannot look at the secret .* of production: it is not allowed"
    ):
        store.list()


@pytest.mark.usefixtures("client")
def test_what_is_asked_too_often_is_asked_again(store: AwsSecrets, moto: MotoServer) -> None:
    moto.fail("PutSecretValue", "ThrottlingException", times=2)
    moto.fail("ListSecretVersionIds", "ThrottlingException", times=1)
    store.set("StripeKey", VALUE)
    assert store.list()[1].set_at is not None


# Values that are refused, and values that are shown nowhere.

BAD = {
    "empty": ("", "is empty"),
    "a reference": ("envref:HOME", "starts with `envref:`"),
    "NUL": ("a\0b", "NUL"),
    "half a letter": ("a\ud800", "UTF-8"),
    "too long": ("x" * (MOST_BYTES + 1), "65,537 bytes"),
    "too long in UTF-8": ("ä" * (MOST_BYTES // 2) + "x", "65,537 bytes"),
}


@pytest.mark.parametrize(("given", "told"), BAD.values(), ids=BAD.keys())
def test_what_the_app_could_not_get_is_not_sent(
    store: AwsSecrets, moto: MotoServer, given: str, told: str
) -> None:
    with pytest.raises(RefusedError, match=told) as caught:
        store.set("StripeKey", given)
    assert caught.value.code == "secret-refused"
    assert caught.value.hint
    assert moto.calls == []
    assert len(caught.value.message) < 200


ANSWERS = ("ValidationException", "InternalServiceError", "AccessDeniedException", "Odd")


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("answer", ANSWERS)
def test_no_error_and_no_log_shows_a_value(
    store: AwsSecrets, moto: MotoServer, answer: str, caplog: pytest.LogCaptureFixture
) -> None:
    moto.fail("PutSecretValue", answer, words=f"1 error: {VALUE} is no good", times=9)
    with caplog.at_level(logging.DEBUG), pytest.raises(InfraError) as caught:
        store.set("StripeKey", VALUE)
    error = caught.value
    assert answer in error.message
    shown = "".join(traceback.format_exception(error))
    assert VALUE not in f"{shown} {error.hint} {error.__context__!r} {caplog.text} {store!r}"
