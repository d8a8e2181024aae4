"""A bucket is emptied of all that S3 keeps in it, and nobody else's is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from xml.etree import ElementTree

import boto3
import pytest
from tests.support.aws_things import told
from tests.support.fake_clock import Time
from tests.support.moto_server import ACCOUNT, OTHER_ACCOUNT, REGION, MotoServer

from encore_aws.account import Account, AwsError, open_account
from encore_aws.emptying import empty
from encore_aws.settings import Settings
from encore_provisioner.errors import ApplyError
from encore_provisioner.waiting import Clock

BUCKET: Final = "shop-production-pictures"
ODD: Final = ("a/b", "ü & <x>", "tab\there", " ", "a" * 1024, "+%2B")
BROKEN: Final = ("line\nbreak", "return\rhere", "both\r\n")
"""Names that moto does not take."""
CONTROL: Final = "control\x01"


def made(account: Account, *, versioned: bool = False, name: str = BUCKET) -> Any:
    s3 = account.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    if versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return s3


def test_objects_are_deleted_page_by_page(account: Account, moto: MotoServer) -> None:
    s3 = made(account)
    for number in range(25):
        s3.put_object(Bucket=BUCKET, Key=f"{number:04}", Body=b"x")
    moto.calls.clear()
    assert empty(BUCKET, account, page=10) == 25
    assert [call for call in moto.operations if call.startswith("Post")] == ["PostBucket"] * 3
    s3.delete_bucket(Bucket=BUCKET)


def test_old_versions_and_marks_are_deleted(account: Account) -> None:
    s3 = made(account, versioned=True)
    for number in range(3):
        for key in ("one", "two"):
            s3.put_object(Bucket=BUCKET, Key=key, Body=str(number).encode())
    s3.delete_object(Bucket=BUCKET, Key="one")
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix="one")
    assert empty(BUCKET, account, page=2) == 7
    answer = s3.list_object_versions(Bucket=BUCKET)
    assert "Versions" not in answer
    assert "DeleteMarkers" not in answer
    s3.delete_bucket(Bucket=BUCKET)


def test_pages_follow_one_another() -> None:
    """Nothing is listed twice, also where a key has more versions than fit on a page."""
    where = {"Bucket": BUCKET, "ExpectedBucketOwner": ACCOUNT}
    versions, uploads = {**where, "MaxKeys": 1}, {**where, "MaxUploads": 1}

    def page(version: str, **more: Any) -> dict[str, Any]:
        return {"Versions": [{"Key": "k", "VersionId": version}], **more}

    within = {"IsTruncated": True, "NextKeyMarker": "k", "NextVersionIdMarker": "1"}
    behind = {"IsTruncated": True, "NextKeyMarker": "k"}
    more = {"IsTruncated": True, "NextKeyMarker": "a", "NextUploadIdMarker": "7"}
    account = told(
        ("list_multipart_uploads", more, uploads),
        ("list_multipart_uploads", {}, {**uploads, "KeyMarker": "a", "UploadIdMarker": "7"}),
        ("list_object_versions", page("1", **within), versions),
        ("delete_objects", {}),
        (
            "list_object_versions",
            page("2", **behind),
            {**versions, "KeyMarker": "k", "VersionIdMarker": "1"},
        ),
        ("delete_objects", {}),
        ("list_object_versions", {}, {**versions, "KeyMarker": "k"}),
        ("list_multipart_uploads", {}, uploads),
        ("list_object_versions", {}, versions),
    )
    assert empty(BUCKET, account, page=1) == 2


def test_unfinished_uploads_are_ended(account: Account) -> None:
    s3 = made(account)
    for number in range(5):
        upload = s3.create_multipart_upload(Bucket=BUCKET, Key=f"film-{number}")["UploadId"]
        s3.upload_part(
            Bucket=BUCKET, Key=f"film-{number}", UploadId=upload, PartNumber=1, Body=b"x"
        )
    assert empty(BUCKET, account) == 0
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


@pytest.mark.parametrize("versioned", [False, True])
def test_names_of_all_kinds_are_deleted(account: Account, *, versioned: bool) -> None:
    s3 = made(account, versioned=versioned)
    for key in ODD:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    assert empty(BUCKET, account) == len(ODD)
    assert "Versions" not in s3.list_object_versions(Bucket=BUCKET)


def test_a_list_of_objects_to_delete_holds_what_it_was_given(
    account: Account, moto: MotoServer
) -> None:
    """What is sent is XML, in which a line's end can become another one."""
    objects = [{"Key": key, "VersionId": "v"} for key in (*ODD, *BROKEN)]
    made(account).delete_objects(Bucket=BUCKET, Delete={"Objects": objects})
    sent = ElementTree.fromstring(moto.calls[-1].body)
    space = "{http://s3.amazonaws.com/doc/2006-03-01/}"
    assert [each.text for each in sent.iter(f"{space}Key")] == [*ODD, *BROKEN]


def test_a_name_that_no_list_can_hold_is_deleted_by_itself() -> None:
    listed = {"Versions": [{"Key": CONTROL, "VersionId": "v"}, {"Key": "k", "VersionId": "w"}]}
    account = told(
        ("list_multipart_uploads", {}),
        ("list_object_versions", listed),
        ("delete_object", {}),
        ("delete_objects", {}),
        ("list_multipart_uploads", {}),
        ("list_object_versions", {}),
    )
    assert empty(BUCKET, account) == 2


def test_the_other_buckets_of_the_account_are_left_alone(account: Account) -> None:
    s3 = made(account)
    made(account, name=f"{BUCKET}-more")
    for bucket in (BUCKET, f"{BUCKET}-more"):
        s3.put_object(Bucket=bucket, Key="one", Body=b"x")
    assert empty(BUCKET, account) == 1
    assert s3.list_objects_v2(Bucket=f"{BUCKET}-more")["KeyCount"] == 1


def test_the_bucket_of_somebody_else_is_left_alone(account: Account) -> None:
    s3 = made(account)
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"x")
    stranger = Account(
        id=OTHER_ACCOUNT,
        region=REGION,
        partition="aws",
        who="arn:aws:iam::999988887777:user/x",
        session=account.session,
    )
    with pytest.raises(AwsError, match="it is not allowed") as caught:
        empty(BUCKET, stranger)
    assert caught.value.code == "aws-denied"
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 1


def test_what_is_gone_is_empty(account: Account, moto: MotoServer) -> None:
    assert empty("shop-production-nothing", account) == 0
    s3 = made(account)
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"x")
    # Somebody else deletes it meanwhile.
    moto.fail("PostBucket", "NoSuchBucket", status=404)
    assert empty(BUCKET, account) == 0


def test_an_upload_that_ends_meanwhile_is_no_error() -> None:
    uploads = {"Uploads": [{"Key": "film", "UploadId": "1"}]}
    account = told(
        ("list_multipart_uploads", uploads),
        ("abort_multipart_upload", "NoSuchUpload"),
        ("list_object_versions", {"Versions": [{"Key": "film", "VersionId": "null"}]}),
        ("delete_objects", {}),
        ("list_multipart_uploads", {}),
        ("list_object_versions", {}),
    )
    assert empty(BUCKET, account) == 1


# Slow, busy, refused.


def replies(
    errors: Callable[[int], list[dict[str, str]]], times: int
) -> list[tuple[str, dict[str, Any]]]:
    listed = {"Versions": [{"Key": key, "VersionId": "null"} for key in ("one", "two")]}
    start: list[tuple[str, dict[str, Any]]] = [
        ("list_multipart_uploads", {}),
        ("list_object_versions", listed),
    ]
    return [*start, *(("delete_objects", {"Errors": errors(n)}) for n in range(times))]


def busy(_: int) -> list[dict[str, str]]:
    return [{"Key": "two", "VersionId": "null", "Code": "SlowDown", "Message": "Reduce"}]


def test_objects_that_s3_is_too_busy_for_are_tried_again() -> None:
    time = Time()
    account = told(
        *replies(busy, 2),
        ("delete_objects", {}),
        ("list_multipart_uploads", {}),
        ("list_object_versions", {}),
    )
    assert empty(BUCKET, account, clock=time.clock) == 2
    assert time.seconds == 6


def test_objects_that_s3_is_too_busy_for_all_the_time_are_told() -> None:
    account = told(*replies(busy, 6))
    with pytest.raises(ApplyError, match=r"cannot be emptied: S3 does not delete two \(SlowDown"):
        empty(BUCKET, account, clock=Time().clock)


def test_objects_that_s3_does_not_delete_are_told_at_once() -> None:
    time = Time()

    def locked(_: int) -> list[dict[str, str]]:
        return [
            {"Key": f"k{n}", "VersionId": "null", "Code": "AccessDenied", "Message": "Object lock"}
            for n in range(5)
        ]

    with pytest.raises(
        ApplyError, match=r"k0 \(AccessDenied: Object lock\).* and 2 more"
    ) as caught:
        empty(BUCKET, told(*replies(locked, 1)), clock=time.clock)
    assert (caught.value.code, time.seconds) == ("bucket-not-emptied", 0)
    assert "MFA" in (caught.value.hint or "")


def test_a_call_that_s3_is_too_busy_for_is_made_again() -> None:
    time = Time()
    account = told(
        ("list_multipart_uploads", "SlowDown"),
        ("list_multipart_uploads", "SlowDown"),
        ("list_multipart_uploads", {}),
        ("list_object_versions", {}),
    )
    assert empty(BUCKET, account, clock=time.clock) == 0
    assert time.seconds == 6


def test_a_call_that_s3_is_too_busy_for_all_the_time_is_told() -> None:
    account = told(*[("list_multipart_uploads", "SlowDown")] * 6)
    with pytest.raises(AwsError, match="AWS is busy") as caught:
        empty(BUCKET, account, clock=Time().clock)
    assert caught.value.code == "aws-busy"


def test_what_is_written_meanwhile_is_deleted_too() -> None:
    one = {"Versions": [{"Key": "one", "VersionId": "null"}]}
    walk: list[tuple[str, dict[str, Any]]] = [
        ("list_multipart_uploads", {}),
        ("list_object_versions", one),
        ("delete_objects", {}),
    ]
    last: list[tuple[str, dict[str, Any]]] = [
        ("list_multipart_uploads", {}),
        ("list_object_versions", {}),
    ]
    assert empty(BUCKET, told(*walk, *walk, *last)) == 2
    with pytest.raises(ApplyError, match="something writes to it all the time"):
        empty(BUCKET, told(*(walk * 10)))


def test_progress_is_told_now_and_then(account: Account) -> None:
    s3 = made(account)
    for number in range(10):
        s3.put_object(Bucket=BUCKET, Key=str(number), Body=b"x")
    words: list[str] = []
    moments = iter([0.0, 1.0, 2.0, 6.0, *([7.0] * 99)])
    clock = Clock(now=lambda: next(moments), pause=lambda _: None)
    empty(BUCKET, account, on_wait=words.append, clock=clock, page=2)
    assert words == [
        f"bucket {BUCKET}: {number} objects and old versions deleted" for number in (2, 8, 10)
    ]


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
    for step in range(1, 30):
        moto.forget()
        last = 0
        s3 = made(account, versioned=True)
        for number in range(4):
            s3.put_object(Bucket=BUCKET, Key=str(number), Body=b"x")
        s3.create_multipart_upload(Bucket=BUCKET, Key="film")
        sent, last = 0, step
        try:
            empty(BUCKET, account, page=2)
        except Killed:
            last = 0
            empty(BUCKET, account, page=2)
            s3.delete_bucket(Bucket=BUCKET)
        else:
            break
    assert step > 5
