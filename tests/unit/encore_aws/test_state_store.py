"""The bucket and the key of the state, on moto: made, completed, checked, refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from tests.support.aws_program import settings_of
from tests.support.aws_state import MADE, NAMES, kept, keys, quick
from tests.support.moto_server import ACCOUNT, OTHER_ACCOUNT, REGION, MotoServer

from encore_aws.account import Account, AwsError, open_account
from encore_aws.naming import Names
from encore_aws.settings import Settings
from encore_aws.state_bucket import OLD_VERSIONS_DAYS
from encore_aws.state_place import Place
from encore_aws.state_store import Backend, alias, bucket_name, ensure, look, prefix
from encore_provisioner.errors import InfraError, RefusedError

THEIRS = Place(kind="s3", bucket="acme-state", prefix="teams")


class Killed(BaseException):
    """As by kill -9: nothing of ours may catch it."""


def test_names_tell_apps_accounts_and_regions_apart(account: Account) -> None:
    """And not environments: all of an app's states lie in one bucket, each under its prefix."""
    name = bucket_name(NAMES, account)
    assert name.startswith(f"shop-state-{ACCOUNT}-{REGION}-")
    staging = Names(app="shop", environment="staging", id="zzzz")
    assert (bucket_name(staging, account), alias(staging)) == (name, alias(NAMES))
    assert bucket_name(Names(app="shop2", environment="production"), account) != name
    long = [Names(app="shop-" * 20 + end, environment="x") for end in "ab"]
    assert len({bucket_name(names, account) for names in long}) == 2
    assert all(len(bucket_name(names, account)) <= 63 for names in long)
    assert prefix(NAMES, MADE).startswith("shop-production-")
    assert prefix(NAMES, MADE) != prefix(staging, MADE)
    assert prefix(NAMES, THEIRS) == f"teams/{prefix(NAMES, MADE)}"


def test_no_environment_is_called_so_that_the_app_s_names_are_its_own(account: Account) -> None:
    odd = Names(app="shop", environment="state")
    assert bucket_name(NAMES, account) != odd.name("state-bucket", account.id, account.region)
    assert alias(NAMES) != f"alias/{odd.name('key-alias')}"


@pytest.mark.parametrize("place", [MADE, THEIRS], ids=["ours", "theirs"])
def test_a_look_tells_whether_the_environment_has_a_state(account: Account, place: Place) -> None:
    """Not whether the bucket is there: other environments and apps may be in it."""
    s3 = account.client("s3")
    make(s3, "acme-state")
    backend = quick(place, account)
    other = prefix(Names(app="shop", environment="staging"), place)
    s3.put_object(Bucket=backend.bucket, Key=f"{other}/.pulumi/meta.yaml", Body=b"")
    s3.put_object(Bucket=backend.bucket, Key=f"{backend.prefix}/files/1.sql", Body=b"")
    found = look(place, NAMES, account)
    assert found is not None
    assert found.is_begun is False
    s3.put_object(Bucket=backend.bucket, Key=f"{backend.prefix}/.pulumi/meta.yaml", Body=b"")
    found = look(place, NAMES, account)
    assert found is not None
    assert found.is_begun is True


def test_a_look_makes_nothing(account: Account, moto: MotoServer) -> None:
    assert look(MADE, NAMES, account) is None
    assert moto.operations == ["HeadBucket"]


def test_the_first_use_makes_it_all(account: Account) -> None:
    found = quick(MADE, account)
    bucket, within = bucket_name(NAMES, account), prefix(NAMES, MADE)
    (key,) = keys(account)
    assert found == Backend(
        url=f"s3://{bucket}/{within}?region={REGION}&awssdk=v2",
        secrets_provider=f"awskms://{alias(NAMES)}?region={REGION}&awssdk=v2",
        bucket=bucket,
        prefix=within,
        region=REGION,
        key=key,
    )
    assert kept(account, bucket) == {
        "rotated": True,
        "encryption": {
            "ApplyServerSideEncryptionByDefault": {
                "SSEAlgorithm": "aws:kms",
                "KMSMasterKeyID": key,
            },
            "BucketKeyEnabled": True,
        },
        "versioning": "Enabled",
        "closed": {True},
        "policy": [
            {
                "Sid": "tls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
        "rules": [
            {
                "ID": "old-states",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_VERSIONS_DAYS},
                "Expiration": {"ExpiredObjectDeleteMarker": True},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            }
        ],
        "tags": {"encore:app": "shop", "encore:purpose": "state"},
    }


def test_the_second_time_only_asks(account: Account, moto: MotoServer) -> None:
    first = quick(MADE, account)
    moto.calls.clear()
    assert quick(MADE, account) == first
    assert {name for name in moto.operations if not name.startswith(("Get", "Head"))} == {
        "DescribeKey"
    }
    found = look(MADE, NAMES, account)
    assert found is not None
    assert (found.url, found.key) == (first.url, None)


def test_another_environment_of_the_app_has_the_same_bucket_and_key(account: Account) -> None:
    first = quick(MADE, account)
    second = quick(MADE, account, Names(app="shop", environment="staging"))
    assert (second.bucket, second.key) == (first.bucket, first.key)
    assert second.url != first.url


def test_in_the_first_region_of_s3(moto: MotoServer) -> None:
    """It is the one whose name S3 does not take, and where making a bucket twice is no error."""
    found = open_account(settings_of(account=ACCOUNT, region="us-east-1"))
    assert quick(MADE, found).region == "us-east-1"
    moto.fail("HeadBucket", "NotFound", status=404)
    assert quick(MADE, found).region == "us-east-1"


class Calls:
    """Counts what a session sends, and dies before or after the call with the number ``last``."""

    def __init__(self, session: Any, *, after: bool) -> None:
        self.sent, self.last, self.after = 0, 0, after
        session.events.register("before-send", self._before)
        session.events.register("after-call", self._after)

    def arm(self, last: int) -> None:
        self.sent, self.last = 0, last

    def _before(self, **_: Any) -> None:
        self.sent += 1
        if self.sent == self.last and not self.after:
            raise Killed

    def _after(self, **_: Any) -> None:
        if self.sent == self.last and self.after:
            raise Killed


@pytest.mark.parametrize("after", [False, True], ids=["before a call", "after a call"])
def test_killed_anywhere_the_next_one_completes_it(
    moto: MotoServer, settings: Settings, after: bool
) -> None:
    session = boto3.session.Session(region_name=REGION)
    account = open_account(settings, session)
    calls = Calls(session, after=after)
    quick(MADE, account)
    steps, bucket = calls.sent, bucket_name(NAMES, account)
    expected = kept(account, bucket)
    assert steps > 15
    for last in range(1, steps + 1):
        moto.forget()
        calls.arm(last)
        with pytest.raises(Killed):
            quick(MADE, account)
        calls.arm(0)
        found = quick(MADE, account)
        assert keys(account) == [found.key], last
        used = expected["encryption"]["ApplyServerSideEncryptionByDefault"]
        used["KMSMasterKeyID"] = found.key
        assert kept(account, bucket) == expected, last


def test_two_at_once_end_with_one_bucket_and_one_key(account: Account) -> None:
    found: list[Backend] = []
    barrier = threading.Barrier(2)

    def go() -> None:
        barrier.wait()
        found.append(quick(MADE, account))

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert found[0] == found[1]
    assert keys(account) == [found[0].key]


# Somebody else's bucket.


def other(moto: MotoServer, region: str = REGION) -> Any:
    """S3 as another account sees it."""
    session = boto3.session.Session(region_name=region)

    def sign(request: Any, **_: Any) -> None:
        request.headers["x-moto-account-id"] = OTHER_ACCOUNT

    session.events.register("before-sign", sign)
    return session.client("s3", endpoint_url=moto.url)


def make(s3: Any, bucket: str, region: str = REGION) -> None:
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})


@pytest.mark.parametrize("do", [look, ensure], ids=["look", "ensure"])
def test_a_stranger_who_took_the_name_gets_nothing(
    account: Account, moto: MotoServer, do: Any
) -> None:
    make(other(moto), bucket_name(NAMES, account))
    moto.calls.clear()
    with pytest.raises(RefusedError, match=f"belongs to another account than {ACCOUNT}") as caught:
        do(MADE, NAMES, account)
    assert caught.value.code == "state-taken"
    assert "state: s3://" in (caught.value.hint or "")
    assert not [name for name in moto.operations if name.startswith("Put")]


def test_a_stranger_who_takes_the_name_in_between(account: Account, moto: MotoServer) -> None:
    moto.fail("PutBucket", "BucketAlreadyExists", status=409)
    with pytest.raises(RefusedError) as caught:
        quick(MADE, account)
    assert caught.value.code == "state-taken"


def test_a_bucket_that_these_credentials_may_not_see(account: Account, moto: MotoServer) -> None:
    bucket = quick(MADE, account).bucket
    moto.fail("HeadBucket", "403", status=403)
    with pytest.raises(RefusedError) as caught:
        look(MADE, NAMES, account)
    assert caught.value.code == "state-closed"
    assert "another account" not in caught.value.message
    assert f"s3:PutObject and s3:DeleteObject on {bucket}" in (caught.value.hint or "")
    moto.fail("HeadBucket", "403", status=403)
    moto.fail("ListBuckets", "AccessDenied", status=403)
    with pytest.raises(RefusedError, match="it belongs to another account, or"):
        look(MADE, NAMES, account)


def test_a_bucket_that_is_being_made_is_waited_for(account: Account, moto: MotoServer) -> None:
    moto.fail("PutBucket", "OperationAborted", status=409, times=2)
    paused: list[float] = []
    assert ensure(MADE, NAMES, account, pause=paused.append).bucket
    assert paused == [2.0, 4.0]
    moto.forget()
    moto.fail("PutBucket", "OperationAborted", status=409, times=99)
    with pytest.raises(AwsError, match="OperationAborted"):
        quick(MADE, account)


def test_calls_that_fail_for_a_moment_are_repeated(account: Account, moto: MotoServer) -> None:
    moto.fail("PutBucketPolicy", "SlowDown", status=503, times=1)
    moto.fail("CreateAlias", "ThrottlingException", times=1)
    moto.cut("PutBucket")
    found = quick(MADE, account)
    assert keys(account) == [found.key]
    assert kept(account, found.bucket)["versioning"] == "Enabled"


# A bucket that a person names.


def test_a_named_bucket_is_used_and_not_changed(account: Account, moto: MotoServer) -> None:
    s3 = account.client("s3")
    make(s3, "acme-state")
    s3.put_bucket_versioning(Bucket="acme-state", VersioningConfiguration={"Status": "Enabled"})
    moto.calls.clear()
    found = quick(THEIRS, account)
    assert found.url == f"s3://acme-state/{prefix(NAMES, THEIRS)}?region={REGION}&awssdk=v2"
    assert found.warnings == ()
    assert found.key in keys(account)
    assert {name for name in moto.operations if "Bucket" in name} == {
        "HeadBucket",
        "GetBucketVersioning",
    }
    looked = look(THEIRS, NAMES, account)
    assert looked is not None
    assert looked.url == found.url


def test_a_named_bucket_may_be_another_account_s_and_lie_elsewhere(
    account: Account, moto: MotoServer
) -> None:
    make(other(moto, "eu-west-1"), "acme-state", "eu-west-1")
    found = quick(THEIRS, account)
    assert "?region=eu-west-1&" in found.url
    assert found.secrets_provider is not None
    assert f"?region={REGION}&" in found.secrets_provider
    assert "keeps no old versions" in found.warnings[0]
    moto.fail("GetBucketVersioning", "AccessDenied", status=403)
    assert "may not ask whether" in quick(THEIRS, account).warnings[0]


def test_a_named_bucket_must_be_there_before_anything_is_made(
    account: Account, moto: MotoServer
) -> None:
    for do in (look, ensure):
        with pytest.raises(RefusedError) as caught:
            do(THEIRS, NAMES, account)
        assert caught.value.code == "state-missing"
    assert keys(account) == []
    moto.fail("HeadBucket", "403", status=403)
    with pytest.raises(AwsError) as denied:
        look(THEIRS, NAMES, account)
    assert denied.value.code == "aws-denied"


def test_a_named_region_must_be_the_bucket_s(account: Account) -> None:
    make(account.client("s3"), "acme-state")
    place = Place(kind="s3", bucket="acme-state", region="eu-west-1")
    with pytest.raises(RefusedError, match="lies in eu-north-1, not in eu-west-1") as caught:
        look(place, NAMES, account)
    assert caught.value.hint == "write ?region=eu-north-1, or nothing"


# Other places.


def test_a_folder_is_made_for_its_owner_alone(account: Account, tmp_path: Path) -> None:
    place = Place(kind="folder", folder=tmp_path / "my state")
    assert look(place, NAMES, account) is None
    found = quick(place, account)
    assert found.url == f"file://{tmp_path}/my%20state"
    assert (tmp_path / "my state").stat().st_mode & 0o777 == 0o700
    assert found.warnings == place.warnings
    assert found.secrets_provider == f"awskms://{alias(NAMES)}?region={REGION}&awssdk=v2"
    looked = look(place, NAMES, account)
    assert looked is None, "no apply was here yet"
    (tmp_path / "my state" / ".pulumi").mkdir()
    looked = look(place, NAMES, account)
    assert looked is not None
    assert looked.url == found.url


def test_google_s_buckets_are_only_named(account: Account, moto: MotoServer) -> None:
    place = Place(kind="gs", bucket="acme", prefix="teams")
    found = look(place, NAMES, account)
    assert found is not None
    assert found.url == f"gs://acme/{prefix(NAMES, place)}"
    assert moto.calls == []
    assert quick(place, account).key in keys(account)


def test_pulumi_cloud_has_keys_of_its_own(account: Account, moto: MotoServer) -> None:
    place = Place(kind="pulumi-cloud", url="https://api.pulumi.com")
    expected = Backend(url="https://api.pulumi.com", secrets_provider=None)
    assert look(place, NAMES, account) == quick(place, account) == expected
    assert moto.calls == []


def errors(account: Account, moto: MotoServer) -> Iterator[InfraError]:
    """Each call of a first use refused in turn."""
    quick(MADE, account)
    for operation in sorted(set(moto.operations)):
        moto.forget()
        moto.fail(operation, "InvalidRequest", status=400, times=9)
        try:
            quick(MADE, account)
        except InfraError as error:
            yield error


def test_every_refusal_says_what_was_tried(account: Account, moto: MotoServer) -> None:
    found = list(errors(account, moto))
    assert len(found) > 12
    for error in found:
        assert error.message.startswith("cannot ")
        assert error.hint
