"""A bucket without objects: every version, every mark of a deletion, every unfinished upload.

In: a bucket of the account. Out: the same bucket, empty, or nothing where it is gone. It goes from
page to page (S3 deletes up to 1000 at once) and starts anew until a whole walk finds nothing: what
was written meanwhile is deleted too. An interruption costs nothing: the next walk finds less.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from encore_aws.account import BUSY, Account, AwsError, ask
from encore_provisioner.errors import ApplyError
from encore_provisioner.waiting import Clock, OnWait

PAGE: Final = 1000
"""Objects in one call: the most that S3 takes."""

_ABSENT: Final = frozenset({"NoSuchBucket", "404", "NotFound"})
_NO_UPLOAD: Final = "NoSuchUpload"
_WALKS: Final = 10
"""Somebody who writes all the time is told after so many."""
_TRIES: Final = 6
_TELL_EVERY: Final = 5.0
_NO_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that a list of objects to delete cannot hold, and a key can."""
_MOST_TOLD: Final = 3

Version = dict[str, str]
"""``Key`` and ``VersionId``, which is ``null`` in a bucket without versions."""


def empty(
    bucket: str,
    account: Account,
    *,
    on_wait: OnWait = lambda _: None,
    clock: Clock | None = None,
    page: int = PAGE,
) -> int:
    """How many versions and marks were deleted. ``on_wait`` is told that every few seconds.

    ``bucket`` must belong to the account; one that is not there is empty. Raises :class:`AwsError`,
    and ``ApplyError`` (``bucket-not-emptied``) for objects that S3 does not delete.
    """
    walker = _Walker(bucket, account, _Progress(bucket, on_wait, clock or Clock()), page)
    try:
        return walker.empty()
    except AwsError as error:
        if error.answer not in _ABSENT:
            raise
        return walker.progress.deleted


@dataclass(slots=True)
class _Progress:
    bucket: str
    on_wait: OnWait
    clock: Clock
    deleted: int = 0
    told_at: float | None = None

    def add(self, number: int) -> None:
        self.deleted += number
        now = self.clock.now()
        if number and (self.told_at is None or now - self.told_at >= _TELL_EVERY):
            self.told_at = now
            self.tell()

    def tell(self) -> None:
        self.on_wait(f"bucket {self.bucket}: {self.deleted} objects and old versions deleted")


class _Walker:
    def __init__(self, bucket: str, account: Account, progress: _Progress, page: int) -> None:
        self._s3 = account.client("s3")
        self._where = {"Bucket": bucket, "ExpectedBucketOwner": account.id}
        self._bucket, self._page, self.progress = bucket, page, progress

    def empty(self) -> int:
        for _ in range(_WALKS):
            # An upload that is finished between the two is found by the next walk.
            if self._abort_uploads() + self._delete_versions() == 0:
                break
        else:
            raise self._error("something writes to it all the time", "stop that, and try again")
        if self.progress.deleted:
            self.progress.tell()
        return self.progress.deleted

    def _delete_versions(self) -> int:
        found = 0
        for versions in self._versions():
            found += len(versions)
            self._delete(versions)
            self.progress.add(len(versions))
        return found

    def _versions(self) -> Iterator[list[Version]]:
        marker: dict[str, str] = {}
        while True:
            given = {**self._where, **marker, "MaxKeys": self._page}
            answer = self._ask("list the objects", "list_object_versions", given)
            listed = [*answer.get("Versions", ()), *answer.get("DeleteMarkers", ())]
            if listed:
                yield [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in listed]
            if not answer.get("IsTruncated"):
                return
            marker = {"KeyMarker": answer["NextKeyMarker"]}
            # Absent where the page ends with the last version of a key.
            if answer.get("NextVersionIdMarker"):
                marker["VersionIdMarker"] = answer["NextVersionIdMarker"]

    def _delete(self, versions: Sequence[Version]) -> None:
        for each in versions:
            if _NO_XML.search(each["Key"]):
                self._ask("delete an object", "delete_object", {**self._where, **each})
        left = [each for each in versions if not _NO_XML.search(each["Key"])]
        refused: list[dict[str, Any]] = []
        for tried in range(_TRIES):
            if not left:
                return
            if tried:
                self.progress.clock.pause(2.0**tried)
            given = {**self._where, "Delete": {"Objects": left, "Quiet": True}}
            refused = self._ask("delete objects", "delete_objects", given).get("Errors", [])
            if any(each.get("Code") not in BUSY for each in refused):
                break
            again = {(each.get("Key"), each.get("VersionId")) for each in refused}
            left = [each for each in left if (each["Key"], each["VersionId"]) in again]
        if left:
            raise self._refused(refused)

    def _abort_uploads(self) -> int:
        aborted = 0
        for key, upload in self._uploads():
            try:
                given = {**self._where, "Key": key, "UploadId": upload}
                self._ask("end an unfinished upload", "abort_multipart_upload", given)
            except AwsError as error:
                if error.answer != _NO_UPLOAD:
                    raise
            else:
                aborted += 1
        return aborted

    def _uploads(self) -> Iterator[tuple[str, str]]:
        marker: dict[str, str] = {}
        while True:
            given = {**self._where, **marker, "MaxUploads": self._page}
            answer = self._ask("list the unfinished uploads", "list_multipart_uploads", given)
            for each in answer.get("Uploads", ()):
                yield each["Key"], each["UploadId"]
            if not answer.get("IsTruncated"):
                return
            marker = {
                "KeyMarker": answer["NextKeyMarker"],
                "UploadIdMarker": answer["NextUploadIdMarker"],
            }

    def _ask(self, doing: str, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        """With more patience than the client's own: millions of objects take many calls."""
        call = getattr(self._s3, operation)
        for tried in range(1, _TRIES):
            try:
                answer: dict[str, Any] = ask(
                    f"{doing} in the bucket {self._bucket}", lambda: call(**given)
                )
            except AwsError as error:
                if error.code != "aws-busy":
                    raise
                self.progress.clock.pause(2.0**tried)
            else:
                return answer
        last: dict[str, Any] = ask(f"{doing} in the bucket {self._bucket}", lambda: call(**given))
        return last

    def _refused(self, errors: Sequence[dict[str, Any]]) -> ApplyError:
        told = [
            f"{each.get('Key')} ({each.get('Code')}: {each.get('Message')})"
            for each in errors[:_MOST_TOLD]
        ]
        more = f" and {len(errors) - len(told)} more" if len(errors) > len(told) else ""
        return self._error(
            f"S3 does not delete {'; '.join(told)}{more}",
            "see its policy, locks on the objects, and whether it wants MFA to delete; what was "
            "deleted stays so, and the next try goes on from here",
        )

    def _error(self, why: str, hint: str) -> ApplyError:
        return ApplyError(
            f"the bucket {self._bucket} cannot be emptied: {why}",
            code="bucket-not-emptied",
            hint=hint,
        )
