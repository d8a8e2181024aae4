"""Pulumi's state of one environment: the bucket that keeps it, the key that encrypts its secrets.

In: an account, the names of the environment, a place. Out: a :class:`Backend`, which is what
Pulumi is told. :func:`look` asks only; :func:`ensure` makes what is missing, and is called by
what changes something anyway, so that a plan leaves nothing behind. Both can be repeated, and what
was interrupted is completed by the next call.

**One bucket for each app, account and region.** Not one for each environment: then nothing is made
for a new pull request, and who lost their machine finds all environments of the app in one place.
Not one for the whole account: then whoever may write the state of one app could write that of all.
Each environment has a prefix of its own, so rights can be narrower still. The name holds the
account and the region and nothing that only one machine knows, so every machine finds it. Since it
can be guessed, a stranger could take it first: every call says whose the bucket must be, so state
is never written to somebody else's.

A bucket that a person names is looked at and never changed. The key is made for it all the same,
because Pulumi would otherwise ask for a passphrase; Pulumi Cloud has keys of its own.
"""

from __future__ import annotations

import shutil
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from encore_aws.account import DENIED, Account, AwsError, ask
from encore_aws.naming import Names
from encore_aws.state_bucket import settle
from encore_aws.state_key import ensure_key
from encore_aws.state_place import Place
from encore_provisioner.errors import RefusedError

Pause = Callable[[float], None]

_ABSENT: Final = frozenset({"404", "NoSuchBucket", "NotFound"})
_UNDER_WAY: Final = "OperationAborted"
"""Somebody else is making or deleting a bucket of that name at this moment."""
_PULUMI: Final = ".pulumi"
"""The folder in which Pulumi's CLI keeps all of its own."""
_TRIES: Final = 6
ROOM: Final = 64_000_000
"""Bytes: some states of a hundred services, each with its copies."""
_PRIVATE: Final = 0o700


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """``url``: for ``PULUMI_BACKEND_URL``. ``secrets_provider``: for ``pulumi stack init``; None
    where Pulumi Cloud has its own. ``bucket``, ``prefix`` and ``region`` are those of S3, for
    files that lie beside the state; empty elsewhere. ``key`` is the key's ARN; None where it was
    not asked for. ``is_begun``: False where :func:`look` found that nothing of this environment is
    there; whoever opens it with Pulumi's CLI, only to read, leaves a file of Pulumi's behind.
    """

    url: str
    secrets_provider: str | None
    bucket: str = ""
    prefix: str = ""
    region: str = ""
    key: str | None = None
    warnings: tuple[str, ...] = ()
    is_begun: bool = True


def bucket_name(names: Names, account: Account) -> str:
    """Of the bucket that is made: the same for all environments of the app."""
    return _of_the_app(names).name("state-bucket", "state", account.id, account.region)


def alias(names: Names) -> str:
    """Of the key, in each account and region: the same for all environments of the app."""
    return "alias/" + _of_the_app(names).name("key-alias", "state")


def prefix(names: Names, place: Place) -> str:
    """Where one environment's state lies in a bucket, without slashes at its ends."""
    return f"{place.prefix}/{names.name('state-prefix')}".lstrip("/")


def _of_the_app(names: Names) -> Names:
    """No environment is called "", so no name of an environment is one of these."""
    return Names(app=names.app, environment="")


def look(place: Place, names: Names, account: Account) -> Backend | None:
    """The backend where it is; None where nothing was applied yet. Changes nothing.

    Raises :class:`AwsError`, and ``RefusedError`` for a bucket that cannot be used.
    """
    match place.kind:
        case "made":
            name = bucket_name(names, account)
            region = _find(name, account, account.id)
            if region is None:
                return None
            return _looked_into(_in_s3(name, region, place, names, account), account)
        case "s3":
            return _looked_into(_adopted(place, names, account), account)
        case "folder" if place.folder is not None and not (place.folder / _PULUMI).is_dir():
            return None
        case _:
            return _elsewhere(place, names, account)


def _looked_into(found: Backend, account: Account) -> Backend:
    s3 = account.client("s3", found.region)
    within = f"{found.prefix}/{_PULUMI}/"
    listed = ask(
        f"look for a state in s3://{found.bucket}/{within}",
        lambda: s3.list_objects_v2(Bucket=found.bucket, Prefix=within, MaxKeys=1),
    )
    return replace(found, is_begun=bool(listed.get("Contents")))


def ensure(place: Place, names: Names, account: Account, *, pause: Pause = time.sleep) -> Backend:
    """The backend, made and set up as far as it is not.

    Raises :class:`AwsError`, and ``RefusedError`` for a bucket or a key that cannot be used.
    """
    if place.kind == "pulumi-cloud":
        return _elsewhere(place, names, account)
    if place.kind == "s3":
        # What a person named must be right before anything is made for it.
        found = _adopted(place, names, account)
        key = ensure_key(alias(names), names.app, account)
    elif place.kind == "made":
        key = ensure_key(alias(names), names.app, account)
        name = bucket_name(names, account)
        warnings = _make(name, key.arn, names, account, pause)
        found = _in_s3(name, account.region, place, names, account, warnings)
    else:
        if place.folder is not None:
            place.folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            _refuse_no_room(place.folder)
        found = _elsewhere(place, names, account)
        key = ensure_key(alias(names), names.app, account)
    return replace(found, key=key.arn, warnings=(*found.warnings, *key.warnings))


def _refuse_no_room(folder: Path) -> None:
    """A state that is written while its disk becomes full is cut off, and its copy with it."""
    free = shutil.disk_usage(folder).free
    if free < ROOM:
        raise RefusedError(
            f"the disk of {folder}, where `state` is kept, has {free / 1e6:.0f} MB of room; "
            "nothing was changed",
            code="disk-full",
            hint=f"free {ROOM / 1e6:.0f} MB: a state that is written to a full disk is lost",
        )


def _secrets_provider(names: Names, account: Account) -> str:
    return f"awskms://{alias(names)}?region={account.region}&awssdk=v2"


def _in_s3(
    bucket: str,
    region: str,
    place: Place,
    names: Names,
    account: Account,
    warnings: tuple[str, ...] = (),
) -> Backend:
    within = prefix(names, place)
    return Backend(
        url=f"s3://{bucket}/{within}?region={region}&awssdk=v2",
        secrets_provider=_secrets_provider(names, account),
        bucket=bucket,
        prefix=within,
        region=region,
        warnings=warnings,
    )


def _elsewhere(place: Place, names: Names, account: Account) -> Backend:
    if place.kind == "pulumi-cloud":
        return Backend(url=place.url, secrets_provider=None)
    if place.kind == "gs":
        url = f"gs://{place.bucket}/{prefix(names, place)}"
    else:
        url = "file://" + urllib.parse.quote(str(place.folder))
    return Backend(
        url=url,
        secrets_provider=_secrets_provider(names, account),
        warnings=place.warnings,
    )


def _find(bucket: str, account: Account, owner: str | None) -> str | None:
    """The bucket's region; None where there is no such bucket in the world.

    ``owner``: the account that it must belong to; None for any. Raises ``AwsError`` (an answer of
    ``DENIED``) where it is somebody else's, or ours and closed to these credentials.
    """
    s3 = account.client("s3")
    owned = {} if owner is None else {"ExpectedBucketOwner": owner}
    try:
        found = ask(
            f"look for the bucket {bucket}, which keeps the state",
            lambda: s3.head_bucket(Bucket=bucket, **owned),
        )
    except AwsError as error:
        if error.answer in _ABSENT:
            return None
        if error.answer in DENIED and owner is not None:
            raise _closed(bucket, s3, account) from None
        raise
    return str(found.get("BucketRegion") or account.region)


def _closed(bucket: str, s3: Any, account: Account) -> RefusedError:
    """Whether the bucket is somebody else's, or ours and these credentials may not see it."""
    try:
        mine = ask("list the account's buckets", s3.list_buckets)["Buckets"]
    except AwsError:
        mine = None
    if mine is not None and all(each["Name"] != bucket for each in mine):
        return _taken(bucket, account)
    owner = "it belongs to another account, or " if mine is None else ""
    return RefusedError(
        f"the bucket {bucket}, which keeps the state, cannot be used: {owner}{account.who} may not "
        "see it",
        code="state-closed",
        hint=f"let these credentials do s3:ListBucket, s3:GetObject, s3:PutObject and "
        f"s3:DeleteObject on {bucket}",
    )


def _taken(bucket: str, account: Account) -> RefusedError:
    return RefusedError(
        f"the bucket {bucket}, in which the state would be kept, belongs to another account than "
        f"{account.id}; nothing was written to it",
        code="state-taken",
        hint="whoever guessed the name may be after your state: name a bucket of your own, by "
        "`state: s3://BUCKET`",
    )


def _adopted(place: Place, names: Names, account: Account) -> Backend:
    """A person's bucket: it may lie in another region, and belong to another account."""
    region = _find(place.bucket, account, None)
    if region is None:
        raise RefusedError(
            f"the bucket {place.bucket}, which `state` names, does not exist",
            code="state-missing",
            hint="make it, with versioning on; or leave `state` out, and one is made for you",
        )
    if place.region not in (None, region):
        raise RefusedError(
            f"the bucket {place.bucket}, which `state` names, lies in {region}, not in "
            f"{place.region}",
            code="state-region",
            hint=f"write ?region={region}, or nothing",
        )
    told = _unversioned(place.bucket, region, account)
    return _in_s3(place.bucket, region, place, names, account, told)


def _unversioned(bucket: str, region: str, account: Account) -> tuple[str, ...]:
    s3 = account.client("s3", region)
    try:
        found = ask("ask for versioning", lambda: s3.get_bucket_versioning(Bucket=bucket))
    except AwsError as error:
        if error.answer not in DENIED:
            raise
        return (f"these credentials may not ask whether the bucket {bucket} keeps old versions",)
    if found.get("Status") == "Enabled":
        return ()
    return (
        f"the bucket {bucket} keeps no old versions: state that is overwritten or deleted by "
        f"mistake is gone; `aws s3api put-bucket-versioning --bucket {bucket} "
        "--versioning-configuration Status=Enabled`",
    )


def _make(bucket: str, key: str, names: Names, account: Account, pause: Pause) -> tuple[str, ...]:
    s3 = account.client("s3")
    if _find(bucket, account, account.id) is None:
        for tried in range(1, _TRIES + 1):
            if _create(bucket, s3, account, last=tried == _TRIES):
                break
            pause(2.0 * tried)
    return settle(bucket, key, names.app, account, s3)


def _create(bucket: str, s3: Any, account: Account, *, last: bool) -> bool:
    """Whether the bucket is there; False where it is worth another try.

    It is waited for, since S3 may know of a new bucket a moment later than it says so.
    """
    # S3 does not take the name of its first region.
    elsewhere = {"LocationConstraint": account.region}
    options = {} if account.region == "us-east-1" else {"CreateBucketConfiguration": elsewhere}
    try:
        ask(
            f"make the bucket {bucket} for the state",
            lambda: s3.create_bucket(
                Bucket=bucket, ObjectOwnership="BucketOwnerEnforced", **options
            ),
        )
    except AwsError as error:
        if error.answer == "BucketAlreadyExists":
            raise _taken(bucket, account) from None
        if error.answer == _UNDER_WAY and not last:
            return False
        if error.answer != "BucketAlreadyOwnedByYou":
            raise
    waiter = s3.get_waiter("bucket_exists")
    ask(
        f"see the bucket {bucket}, which was just made",
        lambda: waiter.wait(
            Bucket=bucket,
            ExpectedBucketOwner=account.id,
            WaiterConfig={"Delay": 1, "MaxAttempts": 20},
        ),
    )
    return True
